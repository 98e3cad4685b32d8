import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import type { SessionRights } from '../../src/adapters/engine/session-rights.ts';
import type { Opencode } from '../../src/adapters/opencode/opencode.ts';
import { createOpencode2 } from '../../src/adapters/opencode2/driver.ts';
import { processesOfRun } from '../../src/adapters/process/process-table.ts';
import { eventsIn, remarksIn, startAgent, type WatchedAgent } from '../support/engines.ts';
import { OPENCODE2_DOUBLE } from '../support/opencode2.ts';
import { killQuietly, makeWorld, until, type World } from '../support/world.ts';

// What released versions of opencode 2 are known to do, played by a double of 2.0.25. The double itself ends the test at a
// request that it does not know, and at anything done to a session whose turn was only killed.

const RIGHTS: SessionRights = { kind: 'unattended', writable: [] };
const OK = { exitCode: 0, signal: undefined };

let world: World;
let opencode: Opencode;

beforeAll(() => {
  world = makeWorld({ opencode: OPENCODE2_DOUBLE });
  opencode = opened({});
});

afterAll(async () => {
  expect(await world.destroy()).toEqual([]);
});

function opened(more: Readonly<Record<string, string>>): Opencode {
  const { env } = world.withEnv(more);
  const probeCache = join(world.root, 'probe.json');
  return createOpencode2({ env, cwd: world.project, clock: systemClock, probeCache, tried: undefined });
}

function directory(): string {
  mkdirSync(join(world.root, 'work'), { recursive: true });
  return realpathSync(mkdtempSync(join(world.root, 'work', 'd-')));
}

async function newSession(where: string, title = 'A session'): Promise<string> {
  return opencode.createSession({ title, directory: where, rights: RIGHTS });
}

async function told(message: string, session?: string, where = directory()): Promise<WatchedAgent> {
  const id = session ?? (await newSession(where));
  return startAgent(opencode, world, { session: id, directory: where, message });
}

describe('a run', () => {
  test('is what the server has stored: an outcome that is not success fails it, though the last step has ended', async () => {
    const where = directory();
    const session = await newSession(where);
    // Until the session is idle, its outcome is that of this one.
    expect(await (await told('hello', session, where)).toEnd()).toEqual(OK);
    const agent = await told('fake: fail-after-stop', session, where);
    expect(await agent.toEnd()).toMatchObject({ exitCode: 1 });
    expect(eventsIn(agent.heard)).toContainEqual(expect.objectContaining({ type: 'error', name: 'failed' }));
    // And the other way round: that of the failed one is not this one's.
    expect(await (await told('hello', session, where)).toEnd()).toEqual(OK);
  });

  test('that ends at the length limit comes to its end, and says so', async () => {
    const agent = await told('fake: finish length');
    expect(await agent.toEnd()).toEqual(OK);
    expect(eventsIn(agent.heard).at(-1)).toMatchObject({ type: 'step_finish', reason: 'length' });
  });

  test('whose model names no reason fails after one call', async () => {
    const agent = await told('fake: no-finish');
    expect(await agent.toEnd()).toMatchObject({ exitCode: 1 });
    expect(eventsIn(agent.heard).filter(({ type }) => type === 'error')).toHaveLength(1);
  });

  test('answers what opencode asks, and says so', async () => {
    const agent = await told('fake: ask shell date');
    expect(await agent.toEnd()).toEqual(OK);
    expect(eventsIn(agent.heard)).toContainEqual(expect.objectContaining({ text: 'The answer was once.' }));
    expect(remarksIn(agent.heard).map(({ line }) => line)).toContain('opencode asked for shell date: allowed once');
  });

  test('refuses what its rules deny, and goes on', async () => {
    const agent = await told('fake: ask external_directory /etc/passwd');
    expect(await agent.toEnd()).toEqual(OK);
    expect(eventsIn(agent.heard)).toContainEqual(expect.objectContaining({ text: 'The answer was reject.' }));
  });

  test('takes a question back, which nobody is here to answer', async () => {
    const agent = await told('fake: question');
    expect(await agent.toEnd()).toEqual(OK);
    expect(remarksIn(agent.heard).map(({ line }) => line)).toContainEqual(expect.stringContaining('taken back'));
  });

  test('tells of a call of the model that waits to be tried again, and can be stopped', async () => {
    const agent = await told('fake: retry 429');
    await until('the remark', async () => remarksIn(await agent.listen()).some(({ failedCall }) => failedCall));
    agent.handle.alive();
    expect(agent.handle.alive()).toBe(false);
    await agent.handle.stop();
    expect(await agent.toEnd()).not.toEqual(OK);
  });

  test('of a server that dies fails, its tools end, and what was interrupted can be told something else', async () => {
    const where = directory();
    const session = await newSession(where);
    const agent = await told('fake: sh sleep 600', session, where);
    await until('the tool', () => processesOfRun(agent.runId).length > 1);
    killQuietly(agent.handle.pid);
    expect(await agent.toEnd()).toMatchObject({ signal: 'SIGKILL' });
    await agent.handle.stop();
    expect(processesOfRun(agent.runId)).toEqual([]);
    // Without an interruption first, the double would say what the user's own service might do here.
    const fork = await opencode.forkSession({ base: session, title: 'Copy', directory: directory(), rights: RIGHTS });
    expect(fork).not.toBe(session);
    expect(await (await told('hello', session, where)).toEnd()).toEqual(OK);
  });

  test('whose session was moved under way has failed', async () => {
    const agent = await told(`fake: wander ${directory()}`);
    expect(await agent.toEnd()).toMatchObject({ exitCode: 1 });
    expect(eventsIn(agent.heard)).toContainEqual(expect.objectContaining({ type: 'error', name: 'moved' }));
  });

  test('in a session that is not there makes none, and does nothing', async () => {
    const id = 'ses_000000000000AAAAAAAAAAAAAA';
    const agent = await told('hello', id);
    expect(await agent.toEnd()).toMatchObject({ exitCode: 1 });
    expect(eventsIn(agent.heard)).toContainEqual(expect.objectContaining({ message: `Session not found: ${id}` }));
    expect(await opencode.describeSessions([id])).toEqual([]);
  });

  test('keeps the title of its session, which opencode replaces at the first message', async () => {
    const where = directory();
    const session = await newSession(where, 'kugetsu: my title');
    await (await told('hello', session, where)).toEnd();
    expect((await opencode.sessionsTitled('kugetsu: my title')).map(({ id }) => id)).toEqual([session]);
  });
});

describe('a server', () => {
  test.each(['get', 'active', 'agents'])('that answers %s with a web page and 200 is not believed', async (name) => {
    const odd = opened({ FAKE_OPENCODE2_WEB_PAGE: name });
    const where = directory();
    const asked =
      name === 'get'
        ? odd.createSession({ title: 'x', directory: where, rights: RIGHTS })
        : name === 'agents'
          ? odd.agentStanding({ name: 'build', directory: where, projectConfig: false })
          : undefined;
    if (asked !== undefined) return expect(asked).rejects.toMatchObject({ code: 'opencode_unexpected' });
    const session = await newSession(where);
    const agent = await startAgent(odd, world.withEnv({ FAKE_OPENCODE2_WEB_PAGE: name }), {
      session,
      directory: where,
      message: 'hello',
    });
    expect(await agent.toEnd()).toMatchObject({ exitCode: 1 });
    await opencode.deleteSession(session);
  });

  test('that puts a session elsewhere is found out, and the session goes', async () => {
    const odd = opened({ FAKE_OPENCODE2_OTHER_PLACE: directory() });
    const made = odd.createSession({ title: 'elsewhere', directory: directory(), rights: RIGHTS });
    await expect(made).rejects.toMatchObject({
      code: 'fork_not_proved',
      message: expect.stringContaining('its directory'),
    });
    expect(await opencode.sessionsTitled('elsewhere')).toEqual([]);
  });

  test('that drops the rules of a session is found out', async () => {
    const odd = opened({ FAKE_OPENCODE2_LOSES_RULES: '1' });
    const made = odd.createSession({ title: 'unruly', directory: directory(), rights: RIGHTS });
    await expect(made).rejects.toMatchObject({ code: 'fork_not_proved', message: expect.stringContaining('rules') });
    expect(await opencode.sessionsTitled('unruly')).toEqual([]);
  });

  test('that lacks something is refused, with what it lacks', async () => {
    const made = opened({ FAKE_OPENCODE2_WITHOUT: 'fork' }).describeSessions(['ses_000000000000AAAAAAAAAAAAAA']);
    await expect(made).rejects.toMatchObject({
      code: 'opencode_unsupported',
      message: expect.stringContaining('session.fork'),
    });
  });

  test('that ends before it listens is an error with its last words', async () => {
    const made = opened({ FAKE_OPENCODE2_STDERR: 'no such table: session' }).sessionsTitled('x');
    await expect(made).rejects.toMatchObject({
      code: 'opencode_failed',
      message: expect.stringContaining('no such table'),
    });
  });

  test('before 2.0.4 is too old, whatever it could do', async () => {
    const probe = opened({ FAKE_OPENCODE2_VERSION: 'opencode v2.0.3' }).probe();
    await expect(probe).rejects.toMatchObject({ code: 'opencode_too_old', message: expect.stringContaining('2.0.3') });
  });

  test('whose catalogue is empty at first is asked again', async () => {
    const question = { directory: directory(), projectConfig: false };
    expect(await opencode.agentStanding({ name: 'build', ...question })).toBe('usable');
    expect(await opencode.agentStanding({ name: 'general', ...question })).toBe('subagent');
    expect(await opencode.agentStanding({ name: 'nosuch', ...question })).toBe('unknown');
  });
});
