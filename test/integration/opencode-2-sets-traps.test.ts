import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import type { SessionRights } from '../../src/adapters/engine/session-rights.ts';
import type { Opencode } from '../../src/adapters/opencode/opencode.ts';
import { BookServer } from '../../src/adapters/opencode2/book-server.ts';
import { createOpencode2 } from '../../src/adapters/opencode2/driver.ts';
import { create } from '../../src/adapters/opencode2/sessions.ts';
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
    const agent = await told('fake: wait-for-retry 429');
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

  test('whose model does not answer is known to have taken the message', async () => {
    const where = directory();
    const session = await newSession(where);
    const [before] = await opencode.describeSessions([session]);
    const agent = await told('fake: hang', session, where);
    await until('the message', async () => {
      const [now] = await opencode.describeSessions([session]);
      return (now?.time_updated ?? 0) > (before?.time_updated ?? Infinity);
    });
    await agent.handle.stop();
    await agent.toEnd();
  });

  test('keeps the title of its session, which opencode replaces at the first message', async () => {
    const where = directory();
    const session = await newSession(where, 'kugetsu: my title');
    await (await told('hello', session, where)).toEnd();
    expect((await opencode.sessionsTitled('kugetsu: my title')).map(({ id }) => id)).toEqual([session]);
  });
});

describe('a server', () => {
  // Each thing that a server is asked, and what kugetsu does that asks it.
  const WITH: Readonly<Record<string, (odd: Opencode, session: string, where: string) => Promise<unknown>>> = {
    create: async (odd) => odd.createSession({ title: 'x', directory: directory(), rights: RIGHTS }),
    get: async (odd, session) => odd.describeSessions([session]),
    messages: async (odd, session) => odd.describeSessions([session]),
    list: async (odd) => odd.sessionsTitled('x'),
    fork: async (odd, base) => odd.forkSession({ base, title: 'x', directory: directory(), rights: RIGHTS }),
    move: async (odd, session) => odd.moveSession(session, directory()),
    update: async (odd, session) => odd.setRights(session, RIGHTS),
    interrupt: async (odd, session) => odd.deleteSession(session),
    remove: async (odd, session) => odd.deleteSession(session),
    agents: async (odd, _, where) => odd.agentStanding({ name: 'build', directory: where, projectConfig: false }),
  };

  test('that answers with a web page and 200 is not believed, whatever it was asked', async () => {
    const where = directory();
    const session = await newSession(where);
    expect(await (await told('hello', session, where)).toEnd()).toEqual(OK);
    for (const [name, use] of Object.entries(WITH)) {
      const asked = use(opened({ FAKE_OPENCODE2_WEB_PAGE: name }), session, where);
      await expect(asked, name).rejects.toMatchObject({
        code: 'opencode_unexpected',
        message: expect.stringContaining('with a web page'),
      });
    }
    expect(await opencode.describeSessions([session])).toHaveLength(1);
  });

  test.each(['active', 'prompt', 'instruct'])(
    'that answers %s so in a run fails it, by a name of its own',
    async (name) => {
      const where = directory();
      const session = await newSession(where);
      const odd = world.withEnv({ FAKE_OPENCODE2_WEB_PAGE: name });
      const notes = join(world.root, 'notes.md');
      writeFileSync(notes, 'Be brief.');
      const agent = await startAgent(opencode, odd, { session, directory: where, message: 'hello', notes });
      expect(await agent.toEnd()).toMatchObject({ exitCode: 1 });
      const reason: unknown = expect.objectContaining({ class: 'opencode_unexpected' });
      expect(eventsIn(agent.heard)).toContainEqual(expect.objectContaining({ type: 'error', reason }));
      await opencode.deleteSession(session);
    },
  );

  test('that has a session of an id already answers with that one, which is neither used nor deleted', async () => {
    const [theirs, ours] = [directory(), directory()];
    const id = await newSession(theirs, 'theirs');
    const server = new BookServer({
      clock: systemClock,
      program: async () => ({ path: OPENCODE2_DOUBLE, cwd: world.project, env: world.env }),
    });
    const made = server.with(async (api) =>
      create(api, id, { title: 'ours', directory: ours, rights: RIGHTS }, world.env),
    );
    await expect(made).rejects.toMatchObject({ code: 'fork_not_proved', message: expect.stringContaining(id) });
    expect(await opencode.describeSessions([id])).toMatchObject([{ directory: theirs }]);
  });

  test.each([
    ['another place', 'FAKE_OPENCODE2_OTHER_PLACE', '/elsewhere', /its directory is \/elsewhere/],
    ['half of the messages', 'FAKE_OPENCODE2_LOSES_MESSAGES', '1', /it has 1 messages and 1 parts instead of 2 and 2/],
    ['other rules', 'FAKE_OPENCODE2_LOSES_RULES', '1', /other permission rules/],
    ['another base', 'FAKE_OPENCODE2_OTHER_BASE', 'ses_another', /no fork of the base/],
    ['an id that is none', 'FAKE_OPENCODE2_OTHER_ID', '1', /its id is another one/],
  ])('that gives a fork %s is found out, and the fork goes', async (_what, variable, value, message) => {
    const where = directory();
    const base = await newSession(where);
    expect(await (await told('hello', base, where)).toEnd()).toEqual(OK);
    // The base's rules are other ones than the fork's.
    await opencode.setRights(base, { kind: 'attended' });
    const before = await opencode.sessionsTitled('');
    const odd = opened({ [variable]: value });
    const fork = odd.forkSession({ base, title: 'Fork', directory: directory(), rights: RIGHTS });
    await expect(fork).rejects.toMatchObject({ code: 'fork_not_proved', message: expect.stringMatching(message) });
    expect(await opencode.sessionsTitled('')).toEqual(before);
  });

  test.each(['cut', 'none'])('whose events are lost (%s) is heard all the same, to the end', async (how) => {
    const where = directory();
    const session = await newSession(where);
    const env = world.withEnv({ FAKE_OPENCODE2_EVENTS: how });
    const agent = await startAgent(opencode, env, { session, directory: where, message: 'fake: sh echo here' });
    expect(await agent.toEnd()).toEqual(OK);
    const types = eventsIn(agent.heard).map(({ type }) => type);
    expect(types).toEqual(['step_start', 'tool_use', 'step_finish', 'step_start', 'text', 'step_finish']);
  });

  test.each(['later', 'early'])(
    'of the %s dialect has a session whose directory is gone, and deletes it',
    async (dialect) => {
      const where = directory();
      const one = opened({ FAKE_OPENCODE2_DIALECT: dialect });
      const id = await one.createSession({ title: 'kugetsu: homeless', directory: where, rights: RIGHTS });
      rmdirSync(where);
      // Another process, which has not seen the directory.
      const other = opened({ FAKE_OPENCODE2_DIALECT: dialect });
      expect(await other.describeSessions([id])).toMatchObject([{ id, directory: where }]);
      expect(await other.sessionsTitled('kugetsu: homeless')).toMatchObject([{ id }]);
      await other.deleteSession(id);
      expect(existsSync(where)).toBe(false);
      expect(await opencode.sessionsTitled('kugetsu: homeless')).toEqual([]);
    },
  );

  test('whose database is locked is an error with its reason', async () => {
    const where = directory();
    const base = await newSession(where);
    expect(await (await told('hello', base, where)).toEnd()).toEqual(OK);
    const locked = opened({ FAKE_OPENCODE2_LOCKED: 'fork' });
    const fork = locked.forkSession({ base, title: 'Fork', directory: directory(), rights: RIGHTS });
    await expect(fork).rejects.toMatchObject({ code: 'opencode_failed', reason: { class: 'database_locked' } });
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
