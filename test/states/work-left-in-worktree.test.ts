// Slow: each kind of work is left by an agent, saved, and brought back.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  readyWorld,
  REF,
  REPOSITORY,
  repositoryOf,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn, makeRemote, mapRepositories, run, type Outcome, type World } from '../support/world.ts';

/** Runs a printed command as a person would paste it. @returns the directory that has the work then */
async function followed(world: World, way: string): Promise<string> {
  const rescued = join(world.home, 'rescued');
  const before = new Set(existsSync(rescued) ? readdirSync(rescued) : []);
  const { code, stdout, stderr } = await run(['sh', '-c', `${way}\npwd`], { cwd: world.root, env: world.env });
  expect(stderr).not.toContain('fatal');
  expect(code).toBe(0);
  if (way.startsWith('cd ')) return stdout.trim();
  const made = readdirSync(rescued).find((name) => !before.has(name));
  return join(rescued, made ?? 'nothing was made');
}

/** Starts an issue, and waits until its agent has replied. */
async function startedAgain(world: World, ref: string = REF): Promise<Outcome> {
  const outcome = succeeded(await world.kugetsu('start', ref, 'again'));
  expect((await verdictOf(world, ref)).class).toBe('ok');
  return outcome;
}

async function rescueRefs(world: World): Promise<string> {
  return gitIn(world, repositoryOf(world), 'for-each-ref', 'refs/kugetsu');
}

async function isClean(world: World): Promise<boolean> {
  const [status, head, main] = await Promise.all([
    gitIn(world, worktreeOf(world), 'status', '--porcelain', '--ignored'),
    gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD'),
    gitIn(world, worktreeOf(world), 'rev-parse', 'origin/main'),
  ]);
  return status === '' && head === main;
}

const MIXED_WORK = [
  'echo committed > committed.txt',
  'git add committed.txt',
  'git commit --quiet -m Committed',
  'echo changed > greeting.txt',
  'echo staged > staged.txt',
  'git add staged.txt',
  'mkdir -p "a directory"',
  'echo untracked > "a directory/untracked é.txt"',
  'ln -s greeting.txt link',
  'rm README.md',
].join('; ');

async function expectMixedWork(world: World, directory: string): Promise<void> {
  const text = (name: string): string => readFileSync(join(directory, name), 'utf8').trim();
  expect(text('committed.txt')).toBe('committed');
  expect(text('greeting.txt')).toBe('changed');
  expect(text('staged.txt')).toBe('staged');
  expect(text('a directory/untracked é.txt')).toBe('untracked');
  expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true);
  expect(existsSync(join(directory, 'README.md'))).toBe(false);
  expect(await gitIn(world, directory, 'log', '--format=%s')).toContain('Committed');
}

test('start gives a clean worktree, and the printed command brings all work of the one before back', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, `fake: sh ${MIXED_WORK}`, '--follow'));
  const ways = waysBack(await startedAgain(world));
  expect(await isClean(world)).toBe(true);
  expect(ways).toHaveLength(1);
  await expectMixedWork(world, await followed(world, ways[0] ?? ''));
});

test('destroy saves the work too, and the printed command still works when the issue is gone', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, `fake: sh ${MIXED_WORK}`, '--follow'));
  const ways = waysBack(succeeded(await world.kugetsu('destroy', REF, '-y')));
  expect(existsSync(worktreeOf(world))).toBe(false);
  expect(await gitIn(world, repositoryOf(world), 'branch', '--list')).toBe('');
  expect(ways).toHaveLength(1);
  await expectMixedWork(world, await followed(world, ways[0] ?? ''));
});

test('the printed command works in a home whose path has spaces, quotes, newlines and control characters', async () => {
  const plain = await readyWorld();
  const world = { ...plain, home: join(plain.root, "it's  a\n$HOME\tof \u0001 `mine`") };
  world.env['KUGETSU_DIR'] = world.home;
  mapRepositories(world, {
    [REPOSITORY]: await makeRemote(world, 'spaced', { 'greeting.txt': 'Hello.\n', 'README.md': '' }),
  });
  succeeded(await world.kugetsu('init', '--headless'));
  const nested = 'git init --quiet nested; echo deep > nested/deep.txt';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${MIXED_WORK}; ${nested}`, '--follow'));
  const ways = waysBack(await startedAgain(world));
  expect(ways).toHaveLength(2);
  await expectMixedWork(world, await followed(world, ways.find((way) => way.startsWith('git')) ?? ''));
  const aside = await followed(world, ways.find((way) => way.startsWith('cd')) ?? '');
  expect(readFileSync(join(aside, 'deep.txt'), 'utf8')).toBe('deep\n');
});

test('a repository inside the worktree is kept with its commits and its uncommitted files', async () => {
  const world = await readyWorld();
  const work = [
    'mkdir -p vendor/inner && cd vendor/inner && git init --quiet',
    'echo inner > inner.txt && git add . && git commit --quiet -m Inner',
    'echo loose > loose.txt',
  ];
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work.join('; ')}`, '--follow'));
  const ways = waysBack(await startedAgain(world));
  expect(await isClean(world)).toBe(true);
  const directories = await Promise.all(ways.map(async (way) => followed(world, way)));
  const inner = directories.find((directory) => existsSync(join(directory, 'inner.txt'))) ?? '';
  expect(await gitIn(world, inner, 'log', '--format=%s')).toBe('Inner');
  expect(readFileSync(join(inner, 'loose.txt'), 'utf8')).toBe('loose\n');
});

test('a repository inside that the agent has staged is kept too', async () => {
  const world = await readyWorld();
  const work = [
    'git init --quiet inner && cd inner && echo inner > inner.txt && git add . && git commit --quiet -m Inner',
    'echo loose > loose.txt',
    'cd .. && git add --all',
  ];
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work.join('; ')}`, '--follow'));
  const ways = waysBack(await startedAgain(world));
  const directories: string[] = [];
  for (const way of ways) directories.push(await followed(world, way));
  const found = directories.flatMap((directory) => [directory, join(directory, 'inner')]);
  expect(found.filter((directory) => existsSync(join(directory, 'loose.txt')))).toHaveLength(1);
});

test('a worktree that is clean and pushed is replaced without a word', async () => {
  const world = await readyWorld();
  const work = 'echo done > done.txt && git add . && git commit --quiet -m Done && git push --quiet origin HEAD';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  expect(waysBack(await startedAgain(world))).toEqual([]);
  const destroyed = succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect(waysBack(destroyed)).toEqual([]);
  expect(await rescueRefs(world)).toBe('');
  expect(existsSync(join(world.home, 'rescued'))).toBe(false);
});

test('commits on a detached HEAD, and those that are only on the branch, are both kept', async () => {
  const world = await readyWorld();
  const work = [
    'git commit --quiet --allow-empty -m "On the branch"',
    'git checkout --quiet --detach origin/main',
    'git commit --quiet --allow-empty -m "On no branch"',
  ];
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work.join('; ')}`, '--follow'));
  const ways = waysBack(await startedAgain(world));
  const subjects: string[] = [];
  for (const way of ways) subjects.push(await gitIn(world, await followed(world, way), 'log', '-1', '--format=%s'));
  expect(subjects.toSorted()).toEqual(['On no branch', 'On the branch']);
});

test('a merge that stopped at a conflict does not stand in the way, and its files are kept', async () => {
  const world = await readyWorld();
  const work = [
    'git checkout --quiet -b side && echo side > greeting.txt && git commit --quiet -am Side',
    'git checkout --quiet fix/issue-1 && echo ours > greeting.txt && git commit --quiet -am Ours',
    'git merge side; echo merging',
  ];
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work.join('; ')}`, '--follow'));
  const ways = waysBack(await startedAgain(world));
  expect(await isClean(world)).toBe(true);
  const directory = await followed(world, ways[0] ?? '');
  expect(readFileSync(join(directory, 'greeting.txt'), 'utf8')).toContain('<<<<<<<');
});

test('a worktree that git cannot read any more is moved aside whole, and its commits are kept', async () => {
  const world = await readyWorld();
  // A repository above the home must not be taken for the worktree's own.
  await gitIn(world, world.userHome, 'init', '--quiet');
  for (const [subject, damage] of [
    ['First', 'echo gitdir: /nowhere > .git'],
    // With the same words and in the same second it would be the same commit, which is saved already.
    ['Second', 'rm .git'],
  ] as const) {
    const work = `git commit --quiet --allow-empty -m ${subject}; echo loose > loose.txt`;
    succeeded(await world.kugetsu('start', REF, `fake: sh ${work}; ${damage}`, '--follow'));
    const ways = waysBack(await startedAgain(world));
    const [commits = '', aside = ''] = ways.toSorted((a, b) => b.localeCompare(a));
    expect(readFileSync(join(await followed(world, aside), 'loose.txt'), 'utf8')).toBe('loose\n');
    expect(await gitIn(world, await followed(world, commits), 'log', '-1', '--format=%s')).toBe(subject);
    expect(await isClean(world)).toBe(true);
  }
});

test('what a link in the place of a worktree points to is not touched', async () => {
  const world = await readyWorld();
  const elsewhere = join(world.root, 'elsewhere');
  await gitIn(world, world.root, 'clone', '--quiet', join(world.root, 'remotes', 'demo.git'), 'elsewhere');
  writeFileSync(join(elsewhere, 'mine.txt'), 'mine');
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  for (const command of [
    ['start', REF, 'again', '--follow'],
    ['destroy', REF, '-y'],
  ]) {
    rmSync(worktreeOf(world), { recursive: true });
    symlinkSync(elsewhere, worktreeOf(world));
    succeeded(await world.kugetsu(...command));
    expect(readFileSync(join(elsewhere, 'mine.txt'), 'utf8')).toBe('mine');
    expect(await gitIn(world, elsewhere, 'status', '--porcelain')).toBe('?? mine.txt');
    expect(await gitIn(world, elsewhere, 'branch', '--show-current')).toBe('main');
  }
  expect(existsSync(worktreeOf(world))).toBe(false);
});

test('a directory that a person put in the place of a worktree is kept', async () => {
  const world = await readyWorld();
  mkdirSync(worktreeOf(world), { recursive: true });
  writeFileSync(join(worktreeOf(world), 'mine.txt'), 'mine');
  const [aside = ''] = waysBack(await startedAgain(world));
  expect(readFileSync(join(await followed(world, aside), 'mine.txt'), 'utf8')).toBe('mine');
});

test('a file that a person put in the place of a worktree is kept', async () => {
  const world = await readyWorld();
  mkdirSync(join(world.home, 'worktrees'), { recursive: true });
  writeFileSync(worktreeOf(world), 'precious');
  await world.kugetsu('start', REF, 'hello', '--follow');
  const { stdout } = await run(['grep', '-rlx', 'precious', world.home], { cwd: world.root, env: world.env });
  expect(stdout).not.toBe('');
});

test('a start that cannot reach origin leaves the worktree before as it is', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo loose > loose.txt', '--follow'));
  rmSync(join(world.root, 'remotes', 'demo.git'), { recursive: true });
  const { code, stderr } = await world.kugetsu('start', REF, 'again');
  expect(stderr).toContain('cannot fetch');
  expect(code).toBe(1);
  expect(readFileSync(join(worktreeOf(world), 'loose.txt'), 'utf8')).toBe('loose\n');
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});
