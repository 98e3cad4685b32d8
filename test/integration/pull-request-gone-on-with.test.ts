import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  issue,
  listedIssue,
  readJson,
  readyWorld,
  REF,
  repositoryOf,
  saidIn,
  sessionFile,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { gitIn, type World } from '../support/world.ts';

const WORK = 'git commit --quiet --allow-empty -m "Of the agent"';
const PUSH = 'git push --quiet origin HEAD';

const remoteOf = (world: World): string => join(world.root, 'remotes', 'demo.git');
const tipOf = async (world: World, ref: string): Promise<string> => gitIn(world, remoteOf(world), 'rev-parse', ref);

/** Somebody's commit, as the server has it: the head of request 92, and the end of these branches. */
async function requested(
  world: World,
  {
    branches = ['feature-x'],
    ref = 'refs/pull/92/head',
    name = 'Somebodys',
  }: {
    readonly branches?: readonly string[];
    readonly ref?: string;
    readonly name?: string;
  } = {},
): Promise<string> {
  const checkout = join(world.root, 'checkouts', 'demo');
  await gitIn(world, checkout, 'commit', '--quiet', '--allow-empty', '-m', name);
  const targets = [ref, ...branches.map((branch) => `refs/heads/${branch}`)].map((target) => `HEAD:${target}`);
  await gitIn(world, checkout, 'push', '--quiet', '--force', remoteOf(world), ...targets);
  return gitIn(world, checkout, 'rev-parse', 'HEAD');
}

const begin = async (world: World, script: string, ...options: readonly string[]): Promise<string> =>
  succeeded(await world.kugetsu('start', REF, `fake: sh ${script}`, '--follow', ...options)).stdout;

const inTree = async (world: World, ...args: readonly string[]): Promise<string> =>
  gitIn(world, worktreeOf(world), ...args);
const session = (world: World, ref = REF): { branch?: string; pull_request?: number } =>
  readJson(sessionFile(world, ref)) as { branch?: string; pull_request?: number };

// Five starts.
test('start --pr goes on with the branch of a pull request, and pushes to it; later starts do, too, until one begins elsewhere', async () => {
  const world = await readyWorld();
  const head = await requested(world);
  const said = await begin(world, `${WORK}; ${PUSH}`, '--pr', '92');
  expect(said).toContain(`starts from pull request 92 (${head.slice(0, 10)}); the agent pushes its branch feature-x`);
  expect(await inTree(world, 'rev-parse', 'HEAD~1')).toBe(head);
  expect(await tipOf(world, 'feature-x')).toBe(await inTree(world, 'rev-parse', 'HEAD'));
  expect((await verdictOf(world)).evidence).toMatchObject({ branch: 'feature-x', commits_ahead: 1, pushed: true });
  expect(session(world)).toMatchObject({ branch: 'feature-x', pull_request: 92 });
  const { session_id: id } = await listedIssue(world);
  expect(saidIn(world, id ?? '').join('\n')).toContain(
    'Its branch is feature-x, that of pull request 92; the base branch',
  );
  // Nothing was lost, so nothing was saved.
  expect(said).not.toContain('to get it back');
  expect(await begin(world, `${WORK}; ${PUSH}`)).toContain('starts from origin/feature-x (2 commits');
  const last = await tipOf(world, 'feature-x');
  expect(await inTree(world, 'rev-parse', 'HEAD')).toBe(last);
  await begin(world, `${WORK}; ${PUSH}`, '--fresh');
  expect(session(world)).toMatchObject({ branch: 'fix/issue-1' });
  expect(session(world).pull_request).toBeUndefined();
  expect(await tipOf(world, 'feature-x')).toBe(last);
  expect(await inTree(world, 'rev-parse', 'HEAD~1')).toBe(await tipOf(world, 'main'));
});

// Three starts.
test('of a request from a fork, and where several branches end at its head, the agent pushes a branch of its own', async () => {
  const world = await readyWorld();
  const head = await requested(world, { branches: [], ref: 'refs/merge-requests/92/head' });
  const said = await begin(world, `${WORK}; ${PUSH}`, '--pr', '92');
  expect(said).toContain(
    `starts from merge request 92 (${head.slice(0, 10)}); forge.test/acme/demo has no branch that ends`,
  );
  expect(said).toContain('the agent pushes fix/issue-1');
  expect(await inTree(world, 'rev-parse', 'HEAD~1')).toBe(head);
  expect(await tipOf(world, 'fix/issue-1')).toBe(await inTree(world, 'rev-parse', 'HEAD'));
  expect(session(world).pull_request).toBeUndefined();
  await requested(world, { branches: ['one', 'two'], ref: 'refs/pull/93/head' });
  expect(await begin(world, 'true', '--pr', '#93')).toContain(
    'more than one branch ends there (one, two): the agent pushes',
  );
  // What is in the base branch already is nobody's branch to push to.
  await gitIn(world, remoteOf(world), 'update-ref', 'refs/pull/94/head', 'refs/heads/main');
  expect(await begin(world, 'true', '--pr', '94')).toContain('has no branch that ends there');
});

test('a request that is not there is said to be, and what the issue has stays; so are a wrong number and two beginnings', async () => {
  const world = await readyWorld();
  await begin(world, 'echo mine > mine.txt');
  const missing = await world.kugetsu('start', REF, 'hello', '--pr', '92', '--follow');
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('forge.test/acme/demo has no pull or merge request 92');
  expect(await verdictOf(world)).toMatchObject({ class: 'no_such_pull_request', retryable: false });
  expect(existsSync(join(worktreeOf(world), 'mine.txt'))).toBe(true);
  for (const [options, says] of [
    [['--pr', 'x'], 'not the number of a pull request: "x"'],
    [['--pr', '0'], 'not the number of a pull request'],
    [['--pr', '92', '--fresh'], '--pr and --fresh both say where the work begins'],
    [['--pr', '92', '--from', 'main'], '--pr and --from both say where the work begins'],
  ] as const) {
    const refused = await world.kugetsu('start', REF, 'hello', ...options);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain(says);
  }
  // A server that is away.
  renameSync(remoteOf(world), `${remoteOf(world)}.away`);
  const away = await world.kugetsu('start', REF, 'hello', '--pr', '92', '--follow');
  expect(away.stderr).toContain('cannot fetch ');
  expect(existsSync(join(worktreeOf(world), 'mine.txt'))).toBe(true);
});

// Two starts, and a run between.
test('when the author pushes meanwhile nothing is overwritten, and start --pr begins at the new head', async () => {
  const world = await readyWorld();
  await requested(world);
  await begin(world, `${WORK}; echo loose > loose.txt`, '--pr', '92');
  const moved = await requested(world, { name: 'Somebodys next' });
  const late = await world.kugetsu('continue', REF, `fake: sh ${PUSH}`, '--follow', '--done-when', 'pushed');
  expect(late.code).toBe(1);
  expect(await verdictOf(world)).toMatchObject({ class: 'not_done' });
  expect(await tipOf(world, 'feature-x')).toBe(moved);
  const again = succeeded(await world.kugetsu('start', REF, 'fake: sh true', '--pr', '92', '--follow'));
  expect(await inTree(world, 'rev-parse', 'HEAD')).toBe(moved);
  expect(again.stdout + again.stderr).toContain('saved the previous work');
});

// Five starts.
test('a branch that is another issue is not taken from it, and what only an agent has under that name is saved', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', issue(2), `fake: sh ${WORK}; ${PUSH}; git branch feature`, '--follow'));
  await gitIn(world, remoteOf(world), 'update-ref', 'refs/pull/92/head', 'refs/heads/fix/issue-2');
  const refused = await world.kugetsu('start', REF, 'hello', '--pr', '92', '--follow');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    'fix/issue-2, the branch of pull request 92, is already that of forge.test/acme/demo#2',
  );
  expect(refused.stderr).toContain('run: kugetsu continue forge.test/acme/demo#2 MESSAGE');
  const own = succeeded(await world.kugetsu('start', issue(2), 'fake: sh true', '--pr', '92', '--follow'));
  expect(own.stdout).toContain('the agent pushes its branch fix/issue-2');
  // `feature` leaves no room for this one.
  await requested(world, { branches: ['feature/x'], ref: 'refs/pull/93/head' });
  expect(await begin(world, `${WORK}; ${PUSH}`, '--pr', '93')).toContain('renamed the branch feature to moved-feature');
  expect(await tipOf(world, 'feature/x')).toBe(await inTree(world, 'rev-parse', 'HEAD'));
  // Another agent has made a branch of the name of a third one.
  const only = 'git checkout -q -b third; git commit -q --allow-empty -m "Only here"; git checkout -q fix/issue-3';
  succeeded(await world.kugetsu('start', issue(3), `fake: sh ${only}`, '--follow'));
  const lost = await gitIn(world, repositoryOf(world), '--git-dir=.', 'rev-parse', 'refs/heads/third');
  await requested(world, { branches: ['third'], ref: 'refs/pull/94/head' });
  await begin(world, 'true', '--pr', '94');
  const refs = await gitIn(world, repositoryOf(world), '--git-dir=.', 'for-each-ref', '--contains', lost);
  expect(refs).toContain('refs/kugetsu/rescue/');
});

// Four starts.
test('a request that is merged or gone is left, and the agent pushes a branch of its own', async () => {
  const world = await readyWorld();
  await requested(world);
  for (const end of [
    ['update-ref', 'refs/heads/main', 'refs/heads/feature-x'],
    ['update-ref', '-d', 'refs/heads/feature-x'],
  ]) {
    await requested(world, { name: 'One more' });
    await begin(world, 'true', '--pr', '92');
    expect(session(world)).toMatchObject({ branch: 'feature-x', pull_request: 92 });
    await gitIn(world, remoteOf(world), ...end);
    expect(await begin(world, 'true')).toContain(
      'feature-x, the branch of pull request 92, is merged or gone: the agent',
    );
    expect(session(world)).toMatchObject({ branch: 'fix/issue-1' });
    expect(session(world).pull_request).toBeUndefined();
    expect(await inTree(world, 'rev-parse', 'HEAD')).toBe(await tipOf(world, 'main'));
  }
});

test('a task begins with a request once, and goes on with what it has then', async () => {
  const world = await queueWorld();
  const head = await requested(world);
  await startDaemon(world);
  const script = `test -e begun || { touch begun; ${WORK}; kill -9 $PPID; }`;
  const task = succeeded(
    await world.kugetsu('queue', 'enqueue', REF, `fake: sh ${script}`, '--pr', '92'),
  ).stdout.trim();
  expect(await finishedTask(world, task)).toMatchObject({ state: 'completed', attempts: 2, pr: 92 });
  expect(await inTree(world, 'rev-parse', 'HEAD~1')).toBe(head);
  expect(await inTree(world, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('feature-x');
});
