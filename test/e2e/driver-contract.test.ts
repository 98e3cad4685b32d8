import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createOpencode } from '../../src/adapters/opencode/opencode-driver.ts';
import type { Opencode } from '../../src/adapters/opencode/opencode.ts';
import type { SessionRights } from '../../src/adapters/engine/session-rights.ts';
import { rulesOf } from '../../src/adapters/opencode/permissions.ts';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { FAKE_OPENCODE, makeWorld, REAL_OPENCODE, run, type World } from '../support/world.ts';

const RIGHTS: SessionRights = { kind: 'unattended', writable: ['/somewhere/else'] };
const ATTENDED: SessionRights = { kind: 'attended' };

// What the driver promises holds for the real opencode, and the fake one is fit to stand in for it.
describe.each([
  ['the real opencode', REAL_OPENCODE],
  ['the fake opencode', FAKE_OPENCODE],
])('the driver on %s', (_name, binary) => {
  let model: ScriptedModel;
  let world: World;
  let opencode: Opencode;

  beforeAll(async () => {
    model = await startScriptedModel();
    world = makeWorld({ opencode: binary, modelPort: model.port });
    opencode = createOpencode({
      env: world.env,
      cwd: world.project,
      clock: systemClock,
      probeCache: join(world.root, 'probe.json'),
      exportCaches: { base: join(world.root, 'export.json'), pm_agent: join(world.root, 'pm-export.json') },
      cleanExport: async () => (json) => json,
    });
  });

  afterAll(async () => {
    expect(await world.destroy()).toEqual([]);
    await model.close();
  });

  function directory(): string {
    mkdirSync(join(world.root, 'work'), { recursive: true });
    return realpathSync(mkdtempSync(join(world.root, 'work', 'd-')));
  }

  async function tell(session: string, where: string, message: string): Promise<{ code: number; stdout: string }> {
    const { command, args, cwd, env, input } = await opencode.runCommand({
      session,
      directory: where,
      message,
      model: undefined,
      debug: false,
      env: world.env,
    });
    const words = [command, ...args].map((word) => `'${word}'`).join(' ');
    const clean = Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    return run(['sh', '-c', `printf '%s' "$MESSAGE" | ${words}`], { cwd, env: { ...clean, MESSAGE: input } });
  }

  test('the probe names the binary and a version', async () => {
    expect(await opencode.probe()).toMatchObject({
      path: realpathSync(binary),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  test('a new session is stored for its directory, with its permission rules and nothing in it', async () => {
    const where = directory();
    const id = await opencode.createSession({ title: 'A session', directory: where, rights: RIGHTS });
    const [stored] = await opencode.describeSessions([id]);
    expect(stored).toMatchObject({ id, directory: where, messages: 0, parts: 0 });
    expect(JSON.parse(stored?.permission ?? '')).toEqual(rulesOf(RIGHTS));
    expect(await opencode.sessionsCreatedIn(where, 0)).toEqual([id]);
  });

  test('a fork has what its base was told, lives in its own directory, and leaves the base alone', async () => {
    const [from, to] = [directory(), directory()];
    const base = await opencode.createSession({ title: 'Base', directory: from, rights: ATTENDED });
    expect(await tell(base, from, 'remember periwinkle')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('step_finish'),
    });
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
    expect(await tell(base, from, 'and one more thing')).toMatchObject({ code: 0 });
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
    expect(await lackOf(rights)).toBe('lifted');
    await opencode.setRights(id, rights);
    const [stored] = await opencode.describeSessions([id]);
    expect(JSON.parse(stored?.permission ?? '')).toEqual(await opencode.rulesOf(rights));
    expect(await lackOf(rights)).toBeUndefined();
    expect(await lackOf({ kind: 'words_only' })).toBe('lifted');
  });

  test('a session moves to another directory, and stays the same otherwise', async () => {
    const [from, to] = [directory(), directory()];
    const id = await opencode.createSession({ title: 'Mover', directory: from, rights: RIGHTS });
    await opencode.moveSession(id, to);
    const [stored] = await opencode.describeSessions([id]);
    expect(stored).toMatchObject({ id, directory: to });
    expect(JSON.parse(stored?.permission ?? '')).toEqual(rulesOf(RIGHTS));
  });

  test('a session that was forked from comes back after it was lost, and others do not', async () => {
    const from = directory();
    const base = await opencode.createSession({ title: 'Base', directory: from, rights: RIGHTS });
    expect(await tell(base, from, 'remember marigold')).toMatchObject({ code: 0 });
    const fork = await opencode.forkSession({ base, title: 'Fork', directory: directory(), rights: ATTENDED });
    const [before] = await opencode.describeSessions([base]);
    for (const id of [base, fork]) await opencode.deleteSession(id);
    expect(await opencode.restoreSession(fork, from)).toBe(false);
    expect(await opencode.restoreSession(base, from)).toBe(true);
    const [after] = await opencode.describeSessions([base]);
    expect({ ...after, time_updated: 0 }).toEqual({ ...before, time_updated: 0 });
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
});
