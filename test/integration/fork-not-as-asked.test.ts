import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  fakeWorld,
  issue,
  listed,
  listedIssue,
  opencodeCalls,
  readJson,
  readyWorld,
  REF,
  runOf,
  storedSessions,
  succeeded,
  verdictOf,
} from '../support/fake-world.ts';
import { FAKE_OPENCODE, run, type World } from '../support/world.ts';

interface FakeSession {
  readonly info: { directory: string; readonly permission: readonly unknown[] };
  readonly messages: readonly { readonly parts: readonly { readonly text: string }[] }[];
}

function fakeSessionPath(world: World, id: string | null): string {
  return join(world.userHome, '.local', 'share', 'fake-opencode', `${id}.json`);
}

const runsBegun = (world: World): number => opencodeCalls(world).filter(([command]) => command === 'run').length;

async function baseId(world: World): Promise<string> {
  return (await listed(world)).find(({ type }) => type === 'base')?.session_id ?? '';
}

test.each([
  ['FAKE_OPENCODE_WRONG_DIRECTORY', 'its directory is /elsewhere instead of '],
  ['FAKE_OPENCODE_LOSE_PARTS', 'it has 1 messages and 1 parts instead of 2 and 2'],
])('with %s the fork is refused and deleted, and nothing is run', async (variable, reason) => {
  const world = await readyWorld();
  const before = storedSessions(world);
  const runs = runsBegun(world);
  world.env[variable] = '1';
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(stderr).toContain(reason);
  expect(code).toBe(1);
  expect((await verdictOf(world)).class).toBe('fork_not_proved');
  expect(storedSessions(world).toSorted()).toEqual(before.toSorted());
  expect(runsBegun(world)).toBe(runs);
  expect((await listedIssue(world)).session_id).toBeNull();
  delete world.env[variable];
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test('init does not keep a base session that was stored elsewhere', async () => {
  const world = fakeWorld({ FAKE_OPENCODE_WRONG_DIRECTORY: '1' });
  const { code, stderr } = await world.kugetsu('init', '--headless', '--prompt', 'Know this.');
  expect(stderr).toContain('opencode did not store a new session');
  expect(code).toBe(1);
  expect(runsBegun(world)).toBe(0);
  expect((await world.kugetsu('status')).stdout).toBe('kugetsu_not_initialized\n');
  expect(storedSessions(world)).toEqual([]);
});

test('a base that could not be told its prompt is not kept, and init says why', async () => {
  const world = fakeWorld();
  const { code, stderr } = await world.kugetsu('init', '--headless', '--prompt', 'fake: error-status 401');
  expect(stderr).toContain('the model refused the credentials (401)');
  expect(code).toBe(1);
  expect((await world.kugetsu('status')).stdout).toBe('kugetsu_not_initialized\n');
  expect(storedSessions(world)).toEqual([]);
});

test('an opencode that prints garbage is a clear error that names the log, and the log has the garbage', async () => {
  const world = await readyWorld();
  world.env['FAKE_OPENCODE_GARBAGE'] = '1';
  for (const reason of ['opencode db answered "Segmentation fault', 'printed something other than a session']) {
    const { code, stderr } = await world.kugetsu('start', REF, 'hello');
    expect(stderr).toContain(reason);
    expect(stderr).toContain((await runOf(world)).log);
    expect(code).toBe(1);
    expect(readFileSync((await runOf(world)).log, 'utf8')).toContain('core dumped');
    expect((await verdictOf(world)).class).toBe('opencode_unexpected');
    // Without the cached export the base is exported first.
    rmSync(join(world.home, 'cache', 'base-export.json'), { force: true });
  }
});

test('an issue begins with what the base knows, also with what it has learnt since', async () => {
  const world = await readyWorld();
  const id = await baseId(world);
  const texts = async (): Promise<string> => {
    const path = fakeSessionPath(world, (await listedIssue(world)).session_id);
    return JSON.stringify((readJson(path) as FakeSession).messages.map(({ parts }) => parts.map(({ text }) => text)));
  };
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(await texts()).toContain('Know this project.');
  const teach = `echo 'The tests are slow.' | '${FAKE_OPENCODE}' run --session ${id} --dir "$PWD"`;
  succeeded(await run(['sh', '-c', teach], { cwd: world.project, env: { ...world.env, PWD: world.project } }));
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  expect(await texts()).toContain('The tests are slow.');
  expect(await texts()).not.toContain('hello');
});

test('a base that is larger than any pipe is in every fork, whole', async () => {
  const world = await readyWorld();
  const path = fakeSessionPath(world, await baseId(world));
  const base = readJson(path) as FakeSession;
  const page = { ...base.messages[0]?.parts[0], text: 'a page of the project '.repeat(50_000) };
  const parts = ['one', 'two', 'three', 'four'].map((name) => ({ ...page, id: `prt_0123456789ab${name}` }));
  writeFileSync(path, JSON.stringify({ ...base, messages: [...base.messages, { ...base.messages[0], parts }] }));
  for (const number of [1, 2, 3]) {
    rmSync(join(world.home, 'cache', 'base-export.json'), { force: true });
    succeeded(await world.kugetsu('start', issue(number), 'hello', '--follow'));
    const fork = (await listed(world)).find(({ issue_ref }) => issue_ref === issue(number))?.session_id ?? '';
    const { messages } = readJson(fakeSessionPath(world, fork)) as FakeSession;
    expect(messages[base.messages.length]?.parts.map(({ text }) => text)).toEqual(parts.map(({ text }) => text));
  }
});

test('an issue has permission rules that deny what nobody could answer', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const { info } = readJson(fakeSessionPath(world, (await listedIssue(world)).session_id)) as FakeSession;
  expect(info.permission).toContainEqual({ permission: 'question', pattern: '*', action: 'deny' });
});

test('a base session that opencode has lost is said, and nothing is run', async () => {
  const world = await readyWorld();
  const runs = runsBegun(world);
  rmSync(fakeSessionPath(world, await baseId(world)));
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(stderr).toMatch(/opencode no longer has the base session ses_\w+\n.*kugetsu doctor --fix/);
  expect(code).toBe(1);
  expect(runsBegun(world)).toBe(runs);
});

test('continue runs nothing in a session that is gone, or that belongs to another directory', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const runs = runsBegun(world);
  const path = fakeSessionPath(world, (await listedIssue(world)).session_id);
  const session = readJson(path) as FakeSession;
  session.info.directory = world.project;
  writeFileSync(path, JSON.stringify(session));
  expect((await world.kugetsu('continue', REF, 'more')).code).toBe(1);
  expect((await verdictOf(world)).class).toBe('session_elsewhere');
  rmSync(path);
  expect((await world.kugetsu('continue', REF, 'more')).code).toBe(1);
  expect((await verdictOf(world)).class).toBe('session_missing');
  expect(runsBegun(world)).toBe(runs);
});
