// Slow: each thing that kugetsu asks of opencode is asked of the real one, a process each.
import { mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOfRun } from '../../src/adapters/process/process-table.ts';
import type { Opencode } from '../../src/adapters/opencode/opencode.ts';
import type { StoredSession } from '../../src/adapters/engine/agent-engine.ts';
import type { SessionRights } from '../../src/adapters/engine/session-rights.ts';
import { ENGINES, eventsIn, remarksIn, startAgent, type WatchedAgent } from '../support/engines.ts';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { killQuietly, makeWorld, processesOf, until, type World } from '../support/world.ts';

const RIGHTS: SessionRights = { kind: 'unattended', writable: ['/somewhere/else'] };
const ATTENDED: SessionRights = { kind: 'attended' };

// What is promised of an engine holds for each one on the real opencode, and the fake one is fit to stand in for it.
describe.each(ENGINES)('the engine $name', (engine) => {
  const { binary, open, major = 1, keepsRules = true, restores = true, shares = false } = engine;
  let model: ScriptedModel;
  let world: World;
  let opencode: Opencode;

  beforeAll(async () => {
    model = await startScriptedModel();
    // The fake one plays what a message says; the model of the real one does the same by these.
    model.on(/sh sleep 600/, [{ bash: 'sleep 600' }]);
    model.on(/sh : work/, [{ bash: 'while :; do :; done' }]);
    model.on(/error-status 401/, [{ status: 401 }]);
    world = makeWorld({ opencode: binary, modelPort: model.port });
    opencode = open(world);
    // With the first agent the server is there, and does what is asked after that.
    const where = directory();
    if (shares) expect(await tell(await newSession(where), where, 'begin')).toBe(0);
  });

  afterAll(async () => {
    if (shares) for (const { pid } of processesOf(world.root)) killQuietly(pid);
    expect(await world.destroy()).toEqual([]);
    await model.close();
  });

  function directory(): string {
    mkdirSync(join(world.root, 'work'), { recursive: true });
    return realpathSync(mkdtempSync(join(world.root, 'work', 'd-')));
  }

  async function start(session: string, where: string, message: string, agent?: string): Promise<WatchedAgent> {
    const named = agent === undefined ? {} : { agent };
    return startAgent(opencode, world, { session, directory: where, message, ...named });
  }

  /** Where sessions keep no rules, each run brings its own. */
  function expectRules(stored: StoredSession | undefined, rights: SessionRights): void {
    const permission: unknown = JSON.parse(stored?.permission ?? 'null');
    expect(permission).toEqual(keepsRules ? engine.rules(rights, world) : null);
  }

  /** @returns the exit code */
  async function tell(session: string, where: string, message: string): Promise<number | undefined> {
    return (await (await start(session, where, message)).toEnd()).exitCode;
  }

  async function newSession(where: string): Promise<string> {
    return opencode.createSession({ title: 'A session', directory: where, rights: RIGHTS });
  }

  test('the probe names the binary and a version', async () => {
    expect(await opencode.probe()).toMatchObject({
      path: realpathSync(binary),
      version: expect.stringMatching(major === 1 ? /^1\.\d+\.\d+$/ : /^2\.0\.\d+$|^0\.0\.0-next-\d+$/),
      major,
    });
  });

  test('a new session is stored for its directory, with its permission rules and nothing in it', async () => {
    const where = directory();
    const id = await opencode.createSession({ title: 'A session', directory: where, rights: RIGHTS });
    const [stored] = await opencode.describeSessions([id]);
    expect(stored).toMatchObject({ id, directory: where, messages: 0, parts: 0 });
    expectRules(stored, RIGHTS);
    expect(await opencode.sessionsCreatedIn(where, 0)).toEqual([id]);
  });

  test('a fork has what its base was told, lives in its own directory, and leaves the base alone', async () => {
    const [from, to] = [directory(), directory()];
    const base = await opencode.createSession({ title: 'Base', directory: from, rights: ATTENDED });
    expect(await tell(base, from, 'remember periwinkle')).toBe(0);
    const [before] = await opencode.describeSessions([base]);
    const fork = await opencode.forkSession({ base, title: 'Fork', directory: to, rights: RIGHTS });
    const stored = new Map((await opencode.describeSessions([base, fork])).map((session) => [session.id, session]));
    expect(stored.get(fork)).toMatchObject({ directory: to, messages: before?.messages, parts: before?.parts });
    expect(stored.get(base)).toEqual(before);
    expect(before?.messages).toBeGreaterThan(0);
  });

  test('what the base is told after a fork is in the next one: the kept export is made anew', async () => {
    const [from, to] = [directory(), directory()];
    const base = await opencode.createSession({ title: 'Base', directory: from, rights: ATTENDED });
    await opencode.forkSession({ base, title: 'First', directory: to, rights: ATTENDED });
    expect(await tell(base, from, 'and one more thing')).toBe(0);
    const fork = await opencode.forkSession({ base, title: 'Second', directory: to, rights: ATTENDED });
    const [a, b] = await Promise.all([base, fork].map(async (id) => (await opencode.describeSessions([id]))[0]));
    expect(b?.messages).toBe(a?.messages);
    expect(b?.messages).toBeGreaterThan(0);
    expect(await opencode.sessionsCreatedIn(to, 0)).toHaveLength(2);
  });

  test('a session is deleted, and deleting it again is fine', async () => {
    const id = await opencode.createSession({ title: 'Gone soon', directory: directory(), rights: ATTENDED });
    await opencode.deleteSession(id);
    expect(await opencode.describeSessions([id])).toEqual([]);
    await opencode.deleteSession(id);
  });

  test('sessions are found by how their title begins, wildcards taken literally', async () => {
    const where = directory();
    const made = { directory: where, rights: ATTENDED };
    const id = await opencode.createSession({ ...made, title: "it's 100%_a b" });
    await opencode.createSession({ ...made, title: "it's 100 a b" });
    await opencode.createSession({ ...made, title: "IT'S 100%_a b" });
    const found = await opencode.sessionsTitled("it's 100%_");
    expect(found).toMatchObject([{ id, title: "it's 100%_a b", directory: where, bytes: 0 }]);
    expect(Math.abs((found[0]?.time_created ?? 0) - Date.now())).toBeLessThan(600_000);
    await tell(id, where, 'grow');
    expect((await opencode.sessionsTitled("it's 100%_"))[0]?.bytes).toBeGreaterThan(0);
    expect(await opencode.sessionsTitled('no such title')).toEqual([]);
  });

  test('rights are replaced, whatever they were, and a session says what it lacks of others', async () => {
    const rights = { kind: 'unattended', writable: ["/it's/here"] } as const;
    const id = await opencode.createSession({ title: 'Rules', directory: directory(), rights: ATTENDED });
    const lackOf = async (wanted: SessionRights): Promise<string | undefined> => {
      const [stored] = await opencode.describeSessions([id]);
      return stored === undefined ? 'no session' : (await opencode.lackOfRights(stored, wanted))?.kind;
    };
    const lifted = keepsRules ? 'lifted' : undefined;
    expect(await lackOf(rights)).toBe(lifted);
    await opencode.setRights(id, rights);
    const [stored] = await opencode.describeSessions([id]);
    expectRules(stored, rights);
    expect(await opencode.rulesOf(rights)).toContainEqual(expect.objectContaining({ pattern: "/it's/here/*" }));
    expect(await lackOf(rights)).toBeUndefined();
    expect(await lackOf({ kind: 'words_only' })).toBe(lifted);
  });

  test('a session moves to another directory, and stays the same otherwise', async () => {
    const [from, to] = [directory(), directory()];
    const id = await opencode.createSession({ title: 'Mover', directory: from, rights: RIGHTS });
    await opencode.moveSession(id, to);
    const [stored] = await opencode.describeSessions([id]);
    expect(stored).toMatchObject({ id, directory: to });
    expectRules(stored, RIGHTS);
  });

  test('a session that was forked from comes back after it was lost, and others do not', async () => {
    const from = directory();
    const base = await opencode.createSession({ title: 'Base', directory: from, rights: RIGHTS });
    expect(await tell(base, from, 'remember marigold')).toBe(0);
    const fork = await opencode.forkSession({ base, title: 'Fork', directory: directory(), rights: ATTENDED });
    const [before] = await opencode.describeSessions([base]);
    for (const id of [base, fork]) await opencode.deleteSession(id);
    expect(await opencode.restoreSession(fork, from)).toBe(false);
    expect(await opencode.restoreSession(base, from)).toBe(restores);
    if (!restores) return;
    const [after] = await opencode.describeSessions([base]);
    expect({ ...after, time_updated: 0 }).toEqual({ ...before, time_updated: 0 });
  });

  test('a session can go to another machine in bytes, and is a new one there with all that was said', async () => {
    const from = directory();
    const base = await opencode.createSession({ title: 'Base', directory: from, rights: ATTENDED });
    expect(await tell(base, from, 'remember tansy')).toBe(0);
    const limits = { bytes: 1_000_000, unpackedBytes: 10_000_000 };
    const packing = opencode.packSession(base, limits);
    if (!restores) {
      await expect(packing).rejects.toMatchObject({ code: 'opencode_unsupported' });
      return;
    }
    const packed = await packing;
    const [{ messages, parts } = { messages: 0, parts: 0 }] = await opencode.describeSessions([base]);
    await opencode.deleteSession(base);
    const to = directory();
    const id = await opencode.unpackSession(packed, limits, { title: 'There', directory: to, rights: RIGHTS });
    const [stored] = await opencode.describeSessions([id]);
    expect(id).not.toBe(base);
    expect(stored).toMatchObject({ id, directory: to, messages, parts });
    expectRules(stored, RIGHTS);
  });

  test('a base that does not exist is a clear error', async () => {
    const fork = opencode.forkSession({
      base: 'ses_000000000000AAAAAAAAAAAAAA',
      title: 'x',
      directory: directory(),
      rights: ATTENDED,
    });
    await expect(fork).rejects.toMatchObject({
      code: 'opencode_failed',
      message: expect.stringContaining('not found'),
    });
  });

  test('an agent is heard to begin, to answer and to end, each thing once, and leaves nothing where it ran', async () => {
    const where = directory();
    const agent = await start(await newSession(where), where, 'say something');
    await until('the answer', async () => eventsIn(await agent.listen()).some(({ type }) => type === 'text'));
    expect(await agent.toEnd()).toEqual({ exitCode: 0, signal: undefined });
    const events = eventsIn(agent.heard).filter(({ type }) => type !== 'unknown');
    expect(events).toMatchObject([
      { type: 'step_start' },
      { type: 'text', text: expect.stringMatching(/./) },
      { type: 'step_finish', reason: 'stop', tokens: { input: expect.any(Number) } },
    ]);
    expect(readdirSync(agent.runDirectory)).toEqual([]);
  });

  test('an agent that is stopped ends with its tools, and can be told something else', async () => {
    const where = directory();
    const session = await newSession(where);
    const agent = await start(session, where, 'fake: sh sleep 600');
    await until('the tool', () => processesOfRun(agent.runId).length > (shares ? 0 : 1));
    const pids = processesOfRun(agent.runId).map(({ pid }) => pid);
    expect(pids.includes(agent.handle.pid)).toBe(!shares);
    await agent.handle.stop();
    const exit = await agent.toEnd();
    expect(exit.exitCode === 0 && exit.signal === undefined).toBe(false);
    expect(processesOfRun(agent.runId)).toEqual([]);
    expect(eventsIn(agent.heard)).not.toContainEqual(expect.objectContaining({ type: 'step_finish', reason: 'stop' }));
    // Who does so once more, or too late, stops nobody else.
    await agent.handle.stop();
    expect(await tell(session, where, 'go on')).toBe(0);
  });

  test('an agent whose tool works without a word is alive', async () => {
    const where = directory();
    const agent = await start(await newSession(where), where, 'fake: sh : work; while :; do :; done');
    await until('the tool', () => processesOfRun(agent.runId).length > (shares ? 0 : 1));
    agent.handle.alive();
    await until('a sign of life', () => agent.handle.alive());
    await agent.handle.stop();
    await agent.toEnd();
  });

  test('a model that refuses is an error with its status, in the words of all engines', async () => {
    const where = directory();
    const agent = await start(await newSession(where), where, 'fake: error-status 401');
    await agent.toEnd();
    expect(eventsIn(agent.heard)).toContainEqual(
      expect.objectContaining({ type: 'error', statusCode: 401, filtered: false, vague: false }),
    );
  });

  test('an agent that is not there is a remark with its reason', async () => {
    const where = directory();
    const agent = await start(await newSession(where), where, 'say something', 'nosuch');
    await agent.toEnd();
    expect(remarksIn(agent.heard).flatMap(({ reason }) => (reason === undefined ? [] : [reason.class]))).toContain(
      'agent_unavailable',
    );
  });
});
