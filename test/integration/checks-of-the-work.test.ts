import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  listedIssue,
  opencodeCalls,
  readJson,
  REF,
  REPOSITORY,
  runOf,
  succeeded,
  verdictOf,
} from '../support/fake-world.ts';
import { enqueue, finishedTask, notesPath, queueWorld, startDaemon } from '../support/queue-world.ts';
import { processesOf, until, type World } from '../support/world.ts';

/** Writes down settings of the repository. */
function configure(world: World, settings: Readonly<Record<string, string>>): void {
  const path = join(world.home, 'repos.json');
  const known = readJson(path) as Record<string, unknown>;
  const url = known[REPOSITORY];
  writeFileSync(path, JSON.stringify({ ...known, [REPOSITORY]: { url, ...settings } }));
}

const runs = (world: World): string[][] => opencodeCalls(world).filter(([command]) => command === 'run');
const logOf = async (world: World): Promise<string> => readFileSync((await runOf(world)).log, 'utf8');

// What a check prints is told to the agent, so it says what the fake agent does next.
const MENDED = 'test -e mended || { echo "not yet"; echo "fake: sh touch mended"; exit 3; }';

test('a check that fails is told in the same session of the same run, until it passes; list shows it', async () => {
  const world = await queueWorld();
  configure(world, { check: MENDED });
  const before = runs(world).length;
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(await verdictOf(world)).toMatchObject({
    outcome: 'succeeded',
    steps: 3,
    evidence: { check: { command: MENDED, exit_code: 0, changed: 0 } },
  });
  const sessions = runs(world)
    .slice(before)
    .map((args) => args[args.indexOf('--session') + 1]);
  expect(sessions).toHaveLength(2);
  expect(new Set(sessions).size).toBe(1);
  expect(await logOf(world)).toContain('The check of this repository failed (exit code 3)');
  expect((await world.kugetsu('list')).stdout).toContain(', checked');
  expect((await world.kugetsu('logs', REF)).stdout).toContain('told: The check of this repository failed');
});

test('one that never passes ends as check_failed, and its task is not tried again', async () => {
  const world = await queueWorld({ CHECK_ROUNDS: '1' });
  configure(world, { check: 'echo no; exit 1' });
  await startDaemon(world);
  const id = await enqueue(world, 'hello');
  const { failure, state, attempts } = await finishedTask(world, id);
  expect({ state, attempts, failure }).toMatchObject({
    state: 'error',
    attempts: 1,
    failure: { class: 'check_failed', message: 'the check failed 2 times (exit code 1)' },
  });
  expect((await world.kugetsu('list')).stdout).toContain(', check failed');
});

test('a check runs as the agent does, and its secrets are in no log and no message', async () => {
  const world = await queueWorld({ CHECK_ROUNDS: '1' });
  const secret = 'hunter2-hunter2';
  succeeded(await world.kugetsu('env', 'set', 'SHOP_TOKEN', secret));
  configure(world, { check: 'echo "token: $SHOP_TOKEN of $KUGETSU_RUN_ID"; exit 1' });
  await world.kugetsu('start', REF, 'hello', '--follow');
  const log = await logOf(world);
  expect(log).toContain(`token: [redacted] of ${(await runOf(world)).id}`);
  expect(log).not.toContain(secret);
});

test('a check that changes tracked files is told so, in the log and to the agent', async () => {
  const world = await queueWorld({ CHECK_ROUNDS: '1' });
  configure(world, { check: 'echo more >> greeting.txt; test -e never' });
  await world.kugetsu('start', REF, 'hello', '--follow');
  const log = await logOf(world);
  expect(log).toContain('"text":"the check changed tracked files: greeting.txt"');
  expect(log).toContain('Mind that the check changed tracked files: greeting.txt.');
  expect((await verdictOf(world)).evidence).toMatchObject({ check: { changed: 1 }, uncommitted_files: 1 });
});

test('a check that goes on for ever and ignores TERM is ended at its deadline, with all that it has started', async () => {
  const world = await queueWorld({ CHECK_ROUNDS: '0', CHECK_TIMEOUT_MINUTES: '0.02' });
  configure(world, {
    check: `trap '' TERM; sleep 600 & setsid sh -c 'trap "" TERM; while :; do sleep 1; done' & wait`,
  });
  await world.kugetsu('start', REF, 'hello', '--follow');
  expect(await verdictOf(world)).toMatchObject({
    class: 'check_failed',
    message: expect.stringContaining('CHECK_TIMEOUT_MINUTES'),
    evidence: { check: { exit_code: null } },
  });
  const { id } = await runOf(world);
  await until('nothing of the run is left', () => processesOf(world.root, `KUGETSU_RUN_ID=${id}`).length === 0);
});

test('a run is stopped while its check runs', async () => {
  const world = await queueWorld();
  const begun = notesPath(world, 'check-begun');
  configure(world, { check: `touch '${begun}'; sleep 600` });
  await world.kugetsu('start', REF, 'hello');
  await until('the check runs', () => {
    try {
      return readFileSync(begun) !== undefined;
    } catch {
      return false;
    }
  });
  expect((await listedIssue(world)).run).toMatchObject({ phase: 'working' });
  succeeded(await world.kugetsu('stop', REF));
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped', class: 'stopped' });
});

test('an agent that commits nothing is told once, and then is not done; an option says otherwise for one run', async () => {
  const world = await queueWorld({ DONE_WHEN: 'committed' });
  const before = runs(world).length;
  await world.kugetsu('start', REF, 'fake: sh echo x > left.txt', '--follow');
  expect(await verdictOf(world)).toMatchObject({
    outcome: 'failed',
    class: 'not_done',
    message: '1 file is not committed, and there is no commit',
  });
  expect(runs(world).length - before).toBe(2);
  expect(await logOf(world)).toContain('the work is not done yet: 1 file is not committed');
  succeeded(await world.kugetsu('continue', REF, 'hello', '--done-when', 'replied', '--follow'));
  configure(world, { done_when: 'pushed' });
  await world.kugetsu('continue', REF, 'fake: sh git add . && git commit -qm Work', '--follow');
  expect(await verdictOf(world)).toMatchObject({ class: 'not_done', message: 'the last commit is not pushed' });
  await startDaemon(world);
  const task = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'hello', '--done-when', 'committed'));
  expect(await finishedTask(world, task.stdout.trim())).toMatchObject({ state: 'completed', done_when: 'committed' });
  const push = 'fake: sh git push -q origin HEAD';
  succeeded(await world.kugetsu('continue', REF, push, '--follow'));
  expect((await world.kugetsu('start', REF, 'x', '--done-when', 'merged')).code).toBe(2);
});
