// Slow: several starts in one repository, one after the other.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  fakeWorld,
  issue,
  readyWorld,
  REF,
  REPOSITORY,
  repositoryOf,
  succeeded,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn, makeRemote, mapRepositories, run, type World } from '../support/world.ts';

/** Commits a file in the checkout that the remote was made from, and pushes it. */
async function push(world: World, file: string, branch: string): Promise<string> {
  const checkout = join(world.root, 'checkouts', 'demo');
  await gitIn(world, checkout, 'checkout', '--quiet', '-B', branch, 'main');
  writeFileSync(join(checkout, file), file);
  await gitIn(world, checkout, 'add', file);
  await gitIn(world, checkout, 'commit', '--quiet', '-m', file);
  await gitIn(world, checkout, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), branch);
  return gitIn(world, checkout, 'rev-parse', 'HEAD');
}

test('the first use clones, the next one fetches what was pushed in between', async () => {
  const world = await readyWorld();
  const first = succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  expect(first.stdout).toContain('(repository cloned)');
  const tip = await push(world, 'newer.txt', 'main');
  const side = await push(world, 'side.txt', 'feature/side');
  const second = succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(second.stdout).toContain('(repository fetched)');
  expect(await gitIn(world, worktreeOf(world, issue(2)), 'rev-parse', 'HEAD')).toBe(tip);
  expect(await gitIn(world, worktreeOf(world, issue(2)), 'rev-parse', 'origin/feature/side')).toBe(side);
  expect(existsSync(join(worktreeOf(world, issue(1)), 'newer.txt'))).toBe(false);
});

test('a default branch that origin renamed is followed', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  const tip = await push(world, 'trunk.txt', 'trunk');
  const remote = join(world.root, 'remotes', 'demo.git');
  await gitIn(world, remote, 'symbolic-ref', 'HEAD', 'refs/heads/trunk');
  await gitIn(world, remote, 'branch', '--quiet', '-D', 'main');
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(await gitIn(world, worktreeOf(world, issue(2)), 'rev-parse', 'HEAD')).toBe(tip);
});

test('the branch of a worktree tracks nothing, whatever the user has configured', async () => {
  const world = await readyWorld();
  appendFileSync(
    join(world.userHome, '.gitconfig'),
    '[branch]\n\tautoSetupMerge = always\n\tautoSetupRebase = always\n',
  );
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const worktree = worktreeOf(world);
  expect(await gitIn(world, worktree, 'branch', '--show-current')).toBe('fix/issue-1');
  const { stdout } = await run(['git', 'config', '--local', '--get-regexp', String.raw`^branch\.`], {
    cwd: worktree,
    env: world.env,
  });
  expect(stdout).toBe('');
});

test("the user's hooks are not run", async () => {
  const world = await readyWorld();
  const marker = join(world.root, 'hook-ran');
  const hooks = join(world.root, 'template', 'hooks');
  mkdirSync(hooks, { recursive: true });
  const names = ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-auto-gc', 'fsmonitor-watchman'];
  for (const name of names) {
    writeFileSync(join(hooks, name), `#!/bin/sh\necho ${name} >> '${marker}'\n`);
    chmodSync(join(hooks, name), 0o755);
  }
  const templates = `[init]\n\ttemplateDir = ${join(world.root, 'template')}\n`;
  for (const config of [templates, `[core]\n\thooksPath = ${hooks}\n`]) {
    appendFileSync(join(world.userHome, '.gitconfig'), config);
    await gitIn(world, world.root, 'clone', '--quiet', join(world.root, 'remotes', 'demo.git'), 'plain');
    expect(existsSync(marker)).toBe(true);
    rmSync(marker);
    rmSync(join(world.root, 'plain'), { recursive: true });
    rmSync(join(world.home, 'repos'), { recursive: true, force: true });
    for (const message of ['first', 'second']) succeeded(await world.kugetsu('start', REF, message, '--follow'));
    expect(existsSync(marker)).toBe(false);
    succeeded(await world.kugetsu('destroy', REF, '-y'));
    expect(existsSync(marker)).toBe(false);
  }
});

test('two repositories whose names look alike as file names stay apart', async () => {
  const world = await readyWorld();
  const one = await makeRemote(world, 'one', { 'one.txt': 'one' });
  const two = await makeRemote(world, 'two', { 'two.txt': 'two' });
  mapRepositories(world, { 'forge.test/a-b/c': one, 'forge.test/a/b-c': two });
  succeeded(await world.kugetsu('start', 'forge.test/a-b/c#1', 'hello', '--follow'));
  succeeded(await world.kugetsu('start', 'forge.test/a/b-c#1', 'hello', '--follow'));
  expect(readdirSync(join(world.home, 'repos')).filter((name) => name.endsWith('.git'))).toHaveLength(2);
  const contents = readdirSync(join(world.home, 'worktrees')).map((name) =>
    readdirSync(join(world.home, 'worktrees', name)).filter((file) => file !== '.git'),
  );
  expect(contents.flat().toSorted((a, b) => a.localeCompare(b))).toEqual(['one.txt', 'two.txt']);
  // Started again, each still has its own.
  succeeded(await world.kugetsu('start', 'forge.test/a/b-c#1', 'again', '--follow'));
  expect(await gitIn(world, join(world.home, 'worktrees', 'forge.test-a-b-c-1'), 'ls-files')).toBe('one.txt');
});

test('a repository that was mapped to another URL is fetched from there', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  mapRepositories(world, { [REPOSITORY]: await makeRemote(world, 'moved', { 'moved.txt': 'moved' }) });
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(await gitIn(world, worktreeOf(world, issue(2)), 'ls-files')).toBe('moved.txt');
});

test('a repository without commits is one clear line, and works once it has one', async () => {
  const world = fakeWorld();
  const remote = join(world.root, 'remotes', 'empty.git');
  mkdirSync(remote, { recursive: true });
  await gitIn(world, remote, 'init', '--quiet', '--bare', '--initial-branch=main');
  mapRepositories(world, { [REPOSITORY]: remote });
  succeeded(await world.kugetsu('init', '--headless'));
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^kugetsu: \S+: the default branch of \S+ has no commit\n {2}[^\n]+\n$/);
  const checkout = join(world.root, 'checkout');
  mkdirSync(checkout);
  await gitIn(world, checkout, 'init', '--quiet');
  await gitIn(world, checkout, 'commit', '--quiet', '--allow-empty', '-m', 'First');
  await gitIn(world, checkout, 'push', '--quiet', remote, 'HEAD:main');
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test('something else in the place of a repository is named, and not replaced', async () => {
  const world = await readyWorld();
  const place = repositoryOf(world);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'mine.txt'), 'mine');
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(readFileSync(join(place, 'mine.txt'), 'utf8')).toBe('mine');
  expect(code).toBe(1);
  expect(stderr).toContain(place);
  expect(stderr).not.toContain('this is a bug');
});
