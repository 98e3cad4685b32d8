import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  listedIssue,
  readyWorld,
  REF,
  REPOSITORY,
  runOf,
  storedSessions,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { FAKE_OPENCODE, makeRemote, mapRepositories, until, type World } from '../support/world.ts';

/** What a step of a start does before its own work: `fetch`, `checkout`, or a command of opencode's. */
type Acts = Readonly<Partial<Record<'fetch' | 'checkout' | 'export' | 'import', string>>>;

const steps = (world: World): string => join(world.root, 'steps');
const begun = (world: World, step: string): boolean => existsSync(join(steps(world), `${step}-began`));

/** A line of sh that waits until a step has begun, and fails when it does not. */
const waitFor = (step: string): string =>
  `n=0; while [ ! -e "$STEPS/${step}-began" ]; do n=$((n+1)); [ $n -lt 4000 ] || exit 1; sleep 0.05; done`;
const HANGS = 'sleep 600';
const FAILS = 'exit 1';
/** What an import that does not come to its end leaves behind. */
const STORES = `'${FAKE_OPENCODE}' "$@"`;

/** A ready world in which the steps of a start do what `acts` says, in sh, and leave a mark when they begin. */
async function worldOfSteps(): Promise<{ world: World; act: (acts: Acts) => void }> {
  const plain = await readyWorld();
  const bin = join(plain.root, 'steps-bin');
  for (const directory of [bin, steps(plain)]) mkdirSync(directory);
  const begin = `STEPS='${steps(plain)}'; export STEPS; step() { touch "$STEPS/$1-began"; [ ! -e "$STEPS/$1" ] || sh "$STEPS/$1" "$@" || exit 1; }\n`;
  const program = (name: string, text: string): string => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${begin}${text}\n`, { mode: 0o755 });
    return join(bin, name);
  };
  program('git', 'case " $* " in *" clone "*|*" fetch "*) step fetch;; esac\nPATH=${PATH#*:} exec git "$@"');
  const opencode = program('opencode', `step "$@"\nexec '${FAKE_OPENCODE}' "$@"`);
  const smudge = program('smudge', 'step checkout\nexec cat');
  const files = { '.gitattributes': 'slow.txt filter=step\n', 'slow.txt': 'slow\n' };
  mapRepositories(plain, { [REPOSITORY]: await makeRemote(plain, 'slow', files) });
  const filter = `[filter "step"]\n\tsmudge = '${smudge}'\n\tclean = cat\n\trequired = true\n`;
  appendFileSync(join(plain.userHome, '.gitconfig'), filter);
  const world = plain.withEnv({ PATH: `${bin}:${plain.env['PATH'] ?? ''}`, KUGETSU_OPENCODE: opencode });
  const act = (acts: Acts): void => {
    rmSync(steps(world), { recursive: true });
    mkdirSync(steps(world));
    for (const [step, text] of Object.entries(acts)) writeFileSync(join(steps(world), step), `${text}\n`);
  };
  return { world, act };
}

async function startsAgain(world: World, act: (acts: Acts) => void): Promise<void> {
  act({});
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(readFileSync(join(worktreeOf(world), 'slow.txt'), 'utf8')).toBe('slow\n');
}

test('the fork is imported while git writes the files of the worktree', async () => {
  const { world, act } = await worldOfSteps();
  // Each of the two waits for the other one: one after the other they would fail.
  act({ checkout: waitFor('import'), import: waitFor('checkout') });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const { session_id: session, worktree } = await listedIssue(world);
  expect(worktree).toBe(worktreeOf(world));
  expect(storedSessions(world)).toContain(session);
  expect(readFileSync(join(worktreeOf(world), 'slow.txt'), 'utf8')).toBe('slow\n');
});

test('a base whose export is not kept is exported while git clones', async () => {
  const { world, act } = await worldOfSteps();
  rmSync(join(world.home, 'cache', 'base-export.json'));
  act({ fetch: waitFor('export'), export: waitFor('fetch') });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test('each step in the log has its own time, although they overlap', async () => {
  const { world, act } = await worldOfSteps();
  // The files are written only when the session is there.
  act({ checkout: waitFor('db') });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const records = readFileSync((await runOf(world)).log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"event":"step"'))
    .map((line) => JSON.parse(line) as { name: string; ms: number; at: string });
  const beganAt = ({ at, ms }: { readonly at: string; readonly ms: number }): number => Date.parse(at) - ms;
  const [worktree, session] = ['worktree', 'session'].map((name) => records.find((record) => record.name === name));
  if (worktree === undefined || session === undefined) throw new Error('a step is missing');
  expect(beganAt(worktree)).toBeLessThanOrEqual(beganAt(session));
  expect(beganAt(session)).toBeLessThan(Date.parse(worktree.at));
});

test('an import that fails while git writes is said when git is done, and nothing of the fork is left', async () => {
  const { world, act } = await worldOfSteps();
  const before = storedSessions(world);
  act({ checkout: waitFor('session'), import: `${waitFor('checkout')}; ${STORES}; ${FAILS}` });
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(stderr).toContain('opencode import failed');
  expect(code).toBe(1);
  expect((await verdictOf(world)).class).toBe('opencode_failed');
  expect(storedSessions(world).toSorted()).toEqual(before.toSorted());
  expect(readFileSync(join(worktreeOf(world), 'slow.txt'), 'utf8')).toBe('slow\n');
  expect(await listedIssue(world)).toMatchObject({ session_id: null, worktree: worktreeOf(world) });
  await startsAgain(world, act);
});

test.each([
  ['has been proved', { checkout: `${waitFor('db')}; ${FAILS}` }],
  ['is going on', { checkout: `${waitFor('import')}; ${FAILS}`, import: 'while [ -d "$PWD" ]; do sleep 0.05; done' }],
])('a checkout that fails when the fork %s is the reason, and nothing of the fork is left', async (_when, acts) => {
  const { world, act } = await worldOfSteps();
  const before = storedSessions(world);
  act(acts);
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(stderr).toContain('git read-tree failed');
  expect(code).toBe(1);
  expect((await verdictOf(world)).class).toBe('git_failed');
  expect(storedSessions(world).toSorted()).toEqual(before.toSorted());
  expect(existsSync(worktreeOf(world))).toBe(false);
  expect((await listedIssue(world)).session_id).toBeNull();
  await startsAgain(world, act);
});

test('a repository that cannot be reached is the reason, although the base was being exported', async () => {
  const { world, act } = await worldOfSteps();
  rmSync(join(world.home, 'cache', 'base-export.json'));
  const before = storedSessions(world);
  act({ fetch: `${waitFor('export')}; ${FAILS}` });
  expect((await world.kugetsu('start', REF, 'hello')).code).toBe(1);
  expect((await verdictOf(world)).class).toMatch(/^repository_/);
  expect(storedSessions(world).toSorted()).toEqual(before.toSorted());
  await startsAgain(world, act);
});

test('stop ends checkout and import, and nothing of the fork is left', async () => {
  const { world, act } = await worldOfSteps();
  const before = storedSessions(world);
  act({ checkout: HANGS, import: `${STORES}; ${HANGS}` });
  const starting = world.kugetsu('start', REF, 'hello');
  await until('both go on', () => begun(world, 'checkout') && storedSessions(world).length > before.length);
  succeeded(await world.kugetsu('stop', REF));
  expect((await starting).code).not.toBe(0);
  expect((await verdictOf(world)).outcome).toBe('stopped');
  expect(storedSessions(world).toSorted()).toEqual(before.toSorted());
  expect(existsSync(worktreeOf(world))).toBe(false);
  await startsAgain(world, act);
});

// Slow: the lock of a killed process is free after five seconds.
test('a runner that is killed while git writes and opencode imports is noticed, and start works again', async () => {
  const { world, act } = await worldOfSteps();
  act({ checkout: HANGS, import: HANGS });
  const starting = world.kugetsu('start', REF, 'hello');
  await until('both go on', () => begun(world, 'checkout') && begun(world, 'import'));
  process.kill((await runOf(world)).owner.pid, 'SIGKILL');
  expect((await starting).code).toBe(1);
  expect((await verdictOf(world)).class).toBe('runner_died');
  await startsAgain(world, act);
});
