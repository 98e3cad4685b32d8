import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, readyWorld, REF, repositoryOf, runOf, succeeded, waysBack, worktreeOf } from '../support/fake-world.ts';
import { enqueue, finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { gitIn, run, type World } from '../support/world.ts';

const commits = (file: string, push = ''): string =>
  `fake: sh echo ${file} > ${file} && git add . && git commit --quiet -m ${file} && git push --quiet ${push} origin HEAD`;

/** An agent that rewrites the last commit, and pushes that over what was there. */
const AMENDS = 'fake: sh git commit --quiet --amend -m Amended && git push --quiet --force origin HEAD';

async function work(world: World, message: string, ...options: readonly string[]): Promise<string> {
  const { stdout } = succeeded(await world.kugetsu('start', REF, message, '--follow', ...options));
  return stdout;
}

/** The commit of the branch on the server. */
async function pushed(world: World, branch = 'fix/issue-1'): Promise<string> {
  return gitIn(world, join(world.root, 'remotes', 'demo.git'), 'rev-parse', `refs/heads/${branch}`);
}

/** The refs of kugetsu's repository that have a commit. */
async function refsWith(world: World, commit: string): Promise<string[]> {
  const args = ['for-each-ref', '--contains', commit, '--format=%(refname)'];
  return (await gitIn(world, repositoryOf(world), ...args)).split('\n').filter((line) => line !== '');
}

test('start goes on with what was pushed, says so, and the next push is no forced one', async () => {
  const world = await readyWorld();
  expect(await work(world, commits('one.txt'))).not.toContain('starts from');
  const first = await pushed(world);
  const second = succeeded(await world.kugetsu('start', REF, commits('two.txt')));
  expect(second.stderr).toContain(
    `starts from origin/fix/issue-1 (1 commit, ${first.slice(0, 10)}), which was pushed earlier`,
  );
  expect(second.stderr).toContain('--fresh starts from the default branch');
  succeeded(await world.kugetsu('logs', REF, '--follow'));
  expect(existsSync(join(worktreeOf(world), 'one.txt'))).toBe(true);
  // Both commits are the branch's, and both are pushed.
  expect((await runOf(world)).verdict?.evidence).toMatchObject({
    commits_ahead: 2,
    uncommitted_files: 0,
    pushed: true,
  });
  expect(await gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD~1')).toBe(first);
  expect(await pushed(world)).toBe(await gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD'));
});

test('--fresh starts from the default branch, and the command that brings back what was pushed is told', async () => {
  const world = await readyWorld();
  await work(world, commits('one.txt'));
  const first = await pushed(world);
  const outcome = succeeded(await world.kugetsu('start', REF, commits('other.txt', '--force'), '--fresh'));
  expect(outcome.stderr).not.toContain('starts from');
  succeeded(await world.kugetsu('logs', REF, '--follow'));
  expect(existsSync(join(worktreeOf(world), 'one.txt'))).toBe(false);
  expect(await pushed(world)).not.toBe(first);
  expect((await refsWith(world, first)).join(' ')).toContain('refs/kugetsu/rescue/');
  const [way = ''] = waysBack(outcome);
  succeeded(await run(['sh', '-c', way], { cwd: world.project, env: world.env }));
  const place = /--detach (\S+)/.exec(way)?.[1] ?? '';
  expect(existsSync(join(place, 'one.txt'))).toBe(true);
  expect((await world.kugetsu('notify', 'list', '--all')).stdout).toContain(way);
});

test('what an agent pushes over is never on no ref, and the next start tells how to get it back', async () => {
  const world = await readyWorld();
  await work(world, commits('one.txt'));
  const first = await pushed(world);
  await work(world, AMENDS);
  const second = await pushed(world);
  expect(second).not.toBe(first);
  expect(await refsWith(world, first)).not.toEqual([]);
  // Going on in the same session keeps it as well.
  succeeded(await world.kugetsu('continue', REF, AMENDS.replace('Amended', 'Again'), '--follow'));
  expect(await refsWith(world, second)).not.toEqual([]);
  const [way] = waysBack(await world.kugetsu('start', REF, 'hello'));
  expect(way).toContain('-pushed-before');
  succeeded(await world.kugetsu('logs', REF, '--follow'));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  for (const commit of [first, second]) {
    expect((await refsWith(world, commit)).join(' ')).toContain('refs/kugetsu/rescue/');
  }
});

test('a branch that is in the default branch, and one that is gone from origin, are begun anew', async () => {
  const world = await readyWorld();
  const remote = join(world.root, 'remotes', 'demo.git');
  await work(world, commits('one.txt'));
  await gitIn(world, remote, 'update-ref', 'refs/heads/main', 'refs/heads/fix/issue-1');
  expect(await work(world, commits('two.txt'))).not.toContain('starts from');
  await gitIn(world, remote, 'update-ref', '-d', 'refs/heads/fix/issue-1');
  expect(await work(world, 'hello')).not.toContain('starts from');
  expect(existsSync(join(worktreeOf(world), 'one.txt'))).toBe(true);
  expect(existsSync(join(worktreeOf(world), 'two.txt'))).toBe(false);
});

test('what is pushed and gone on with is merged when it is merged', async () => {
  const world = await readyWorld();
  await work(world, commits('one.txt'));
  await work(world, 'hello');
  const remote = join(world.root, 'remotes', 'demo.git');
  await gitIn(world, remote, 'update-ref', 'refs/heads/main', 'refs/heads/fix/issue-1');
  const { stdout } = succeeded(await world.kugetsu('prune', '--merged'));
  expect(stdout).toContain(REF);
});

test('a task of the queue goes on with what was pushed; one that is queued as fresh begins anew, once', async () => {
  const world = await queueWorld();
  succeeded(await world.kugetsu('start', REF, commits('one.txt'), '--follow'));
  succeeded(await world.kugetsu('start', issue(2), commits('one.txt'), '--follow'));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  await startDaemon(world);
  const gone = await enqueue(world, 'fake: sh test -e one.txt && echo there');
  expect(await finishedTask(world, gone)).toMatchObject({ state: 'completed', attempts: 1 });
  expect((await world.kugetsu('logs', gone)).stdout).toContain('starts from origin/fix/issue-1');
  // Its first attempt ends early, its second one finds what the first one did.
  const fails = `fake: sh test -e one.txt && echo pushed > found; test -e mine && echo again >> found; touch mine; cat found; kill -9 $PPID`;
  const queued = succeeded(await world.kugetsu('queue', 'enqueue', issue(2), fails, '--fresh')).stdout.trim();
  expect((await finishedTask(world, queued)).attempts).toBe(3);
  const found = await run(['cat', 'found'], { cwd: worktreeOf(world, issue(2)), env: world.env });
  expect(found.stdout.split('\n')).toEqual(['again', 'again', '']);
});
