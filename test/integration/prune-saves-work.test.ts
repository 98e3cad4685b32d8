import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, readyWorld, REF, repositoryOf, succeeded, waysBack, worktreeOf } from '../support/fake-world.ts';
import { forgetIssue, namesOf, pruned } from '../support/prune-world.ts';
import { gitIn, run, type Outcome, type World } from '../support/world.ts';

/** Runs a command that brings work back. @returns the directory in which it is then */
async function followed(world: World, way: string): Promise<string> {
  const outcome = await run(['sh', '-c', `${way} && pwd`], { cwd: world.root, env: world.env });
  succeeded(outcome);
  const added = /--detach ('?)(\S+)\1 /.exec(way)?.[2];
  return added ?? outcome.stdout.trim();
}

async function prunedByForce(world: World): Promise<Outcome> {
  return succeeded(await world.kugetsu('prune', '--force'));
}

test('the work of an orphaned worktree is saved, told and brought back by the printed commands', async () => {
  const world = await readyWorld();
  const work = 'echo done > done.txt && git add . && git commit --quiet -m Done; echo loose > loose.txt';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  forgetIssue(world);
  const [way = '', ...more] = waysBack(await prunedByForce(world));
  expect(more).toEqual([]);
  expect(existsSync(worktreeOf(world))).toBe(false);
  const directory = await followed(world, way);
  expect(readFileSync(join(directory, 'loose.txt'), 'utf8')).toBe('loose\n');
  expect(await gitIn(world, directory, 'log', '--format=%s')).toContain('Done');
  expect(succeeded(await world.kugetsu('notify', 'list', '--all')).stdout).toContain(way);
  // What was brought back is nobody's orphan.
  expect((await pruned(world, '--force')).items).toEqual([]);
  expect(existsSync(directory)).toBe(true);
});

test('a worktree without anything that is not upstream goes without a word', async () => {
  const world = await readyWorld();
  const work = 'echo done > done.txt && git add . && git commit --quiet -m Done && git push --quiet origin HEAD';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  forgetIssue(world);
  expect(waysBack(await prunedByForce(world))).toEqual([]);
  expect(existsSync(join(world.home, 'rescued'))).toBe(false);
});

test('commits of a branch whose worktree is gone, and those of a detached HEAD, are saved', async () => {
  const world = await readyWorld();
  const work = [
    'git commit --quiet --allow-empty -m "On the branch"',
    'git checkout --quiet --detach origin/main',
    'git commit --quiet --allow-empty -m "On no branch"',
    'echo staged > staged.txt && git add staged.txt',
  ];
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work.join('; ')}`, '--follow'));
  rmSync(worktreeOf(world), { recursive: true });
  forgetIssue(world);
  const outcome = await prunedByForce(world);
  const directories: string[] = [];
  for (const way of waysBack(outcome)) directories.push(await followed(world, way));
  const logs = await Promise.all(directories.map(async (path) => gitIn(world, path, 'log', '--format=%s')));
  expect(logs.map((log) => log.split('\n').slice(0, 2))).toEqual([
    [expect.stringContaining('Index saved'), 'On no branch'],
    ['On the branch', 'First commit'],
  ]);
  expect(readFileSync(join(directories[0] ?? '', 'staged.txt'), 'utf8')).toBe('staged\n');
  expect(await gitIn(world, repositoryOf(world), 'branch', '--list', 'fix/*')).toBe('');
});

test('what no repository knows is moved to rescued/, whatever its name, and stays there', async () => {
  const world = await readyWorld();
  const worktrees = join(world.home, 'worktrees');
  mkdirSync(join(worktrees, 'empty'));
  for (const name of ["it's mine..lock", '-x.lock']) {
    mkdirSync(join(worktrees, name));
    writeFileSync(join(worktrees, name, 'mine.txt'), name);
  }
  writeFileSync(join(worktrees, 'a file'), 'precious');
  const outcome = await prunedByForce(world);
  expect(readdirSync(worktrees)).toEqual([]);
  const ways = waysBack(outcome);
  expect(ways).toHaveLength(3);
  const found = await run(['grep', '-rhE', 'mine|precious|-x', join(world.home, 'rescued')], {
    cwd: world.root,
    env: world.env,
  });
  expect(found.stdout.trim().split('\n').toSorted()).toEqual(['-x.lock', "it's mine..lock", 'precious'].toSorted());
  expect((await pruned(world, '--force')).items).toEqual([]);
});

test('an orphaned worktree that git cannot read any more is moved aside, and its commits are saved', async () => {
  const world = await readyWorld();
  for (const [ref, damage, subject] of [
    [REF, 'echo gitdir: /nowhere > .git', 'First'],
    // With the same words and in the same second it would be the same commit, which is saved already.
    [issue(2), 'rm .git', 'Second'],
  ] as const) {
    const work = `git commit --quiet --allow-empty -m ${subject}; echo loose > loose.txt`;
    succeeded(await world.kugetsu('start', ref, `fake: sh ${work}; ${damage}`, '--follow'));
    forgetIssue(world, ref);
    const shown = await pruned(world);
    expect(namesOf(shown).map((name) => name.split(' ')[0])).toEqual([
      'worktree',
      'branch',
      'session_file',
      'opencode_session',
    ]);
    const [commits = '', aside = ''] = waysBack(await prunedByForce(world)).toSorted((a, b) => b.localeCompare(a));
    expect(readFileSync(join(await followed(world, aside), 'loose.txt'), 'utf8')).toBe('loose\n');
    expect(await gitIn(world, await followed(world, commits), 'log', '-1', '--format=%s')).toBe(subject);
    expect((await pruned(world)).items).toEqual([]);
  }
});
