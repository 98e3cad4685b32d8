// Slow: a start for each hostile setting.
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  issue,
  readyWorld,
  REF,
  repositoryOf,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn, run, type World } from '../support/world.ts';

interface Trap {
  /** A program that notes the name under which it was called. */
  readonly program: (name: string, then?: string) => string;
  /** The names that were noted since the last time. */
  readonly sprung: () => string[];
}

function setTrap(world: World): Trap {
  const notes = join(world.root, 'sprung');
  const programs = join(world.root, 'traps');
  mkdirSync(programs, { recursive: true });
  return {
    program(name, then = 'exit 1') {
      const path = join(programs, name);
      writeFileSync(path, `#!/bin/sh\necho ${name} >> '${notes}'\n${then}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    sprung() {
      const names = existsSync(notes) ? readFileSync(notes, 'utf8').split('\n').slice(0, -1) : [];
      rmSync(notes, { force: true });
      return [...new Set(names)].toSorted((a, b) => a.localeCompare(b));
    },
  };
}

const HOOKS = [
  'post-checkout',
  'reference-transaction',
  'post-index-change',
  'pre-auto-gc',
  'fsmonitor-watchman',
  'pre-commit',
];

/** Starts an issue again. @returns the commands that bring back what its worktree had */
async function startedAgain(world: World): Promise<string[]> {
  const ways = waysBack(succeeded(await world.kugetsu('start', REF, 'again')));
  expect((await verdictOf(world)).class).toBe('ok');
  return ways;
}

/** Everything with which a configuration makes git run a program, or go elsewhere, as an agent can write it. */
async function plant(world: World, repository: string, { program }: Trap): Promise<void> {
  const hooks = join(world.root, 'planted-hooks');
  for (const directory of [hooks, join(repository, 'hooks')]) {
    mkdirSync(directory, { recursive: true });
    for (const name of HOOKS) {
      writeFileSync(join(directory, name), `#!/bin/sh\nexec '${program(`hook-${name}`)}'\n`);
      chmodSync(join(directory, name), 0o755);
    }
  }
  const included = join(world.root, 'included');
  writeFileSync(
    included,
    `[filter "included"]\n\tsmudge = ${program('included', 'cat')}\n\tclean = ${program('included', 'cat')}\n`,
  );
  const settings: Readonly<Record<string, string>> = {
    'core.hooksPath': hooks,
    'core.fsmonitor': program('fsmonitor'),
    'core.sshCommand': program('ssh'),
    'core.gitProxy': program('proxy'),
    'core.askPass': program('askpass'),
    'core.editor': program('editor'),
    'core.pager': program('pager'),
    'core.alternateRefsCommand': program('alternates'),
    'credential.helper': `!${program('credential')}`,
    'diff.external': program('diff'),
    'gpg.program': program('gpg'),
    'commit.gpgSign': 'true',
    'filter.planted.clean': program('clean', 'cat'),
    'filter.planted.smudge': program('smudge', 'cat'),
    'filter.planted.required': 'true',
    'merge.planted.driver': program('merge'),
    'remote.origin.uploadpack': program('uploadpack'),
    'uploadpack.packObjectsHook': program('packobjects'),
    'protocol.ext.allow': 'always',
    [`url.ext::${program('instead')} .insteadOf`]: join(world.root, 'remotes'),
    'alias.status': `!${program('alias')}`,
    'include.path': included,
  };
  for (const [key, value] of Object.entries(settings)) {
    await gitIn(world, repository, 'config', '--file', join(repository, 'config'), key, value);
  }
  const attributes = '*.txt filter=planted merge=planted\n*.md filter=included\n';
  mkdirSync(join(repository, 'info'), { recursive: true });
  writeFileSync(join(repository, 'info', 'attributes'), attributes);
}

test("what an agent writes into its repository's configuration is not run by kugetsu's own git", async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo precious > work.txt', '--follow'));
  const worktree = worktreeOf(world);
  const trap = setTrap(world);
  await plant(world, repositoryOf(world), trap);
  // The traps work: git by itself runs into them.
  const add = ['git', '-c', 'core.fsmonitor=false', 'add', '--all'];
  for (const command of [['git', 'status'], add, ['git', 'fetch', 'origin']]) {
    await run(command, { cwd: worktree, env: world.env });
  }
  expect(trap.sprung()).toEqual(
    expect.arrayContaining(['clean', 'fsmonitor', 'hook-post-index-change', 'included', 'instead']),
  );
  await gitIn(world, worktree, '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', 'reset', '--quiet');
  trap.sprung();
  writeFileSync(join(worktree, 'greeting.txt'), 'changed\n');

  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
  const [way = ''] = await startedAgain(world);
  succeeded(await world.kugetsu('start', issue(2), 'another', '--follow'));
  for (const command of [
    ['list'],
    ['prune'],
    ['prune', '--force'],
    ['destroy', REF, '-y'],
    ['destroy', issue(2), '-y'],
  ]) {
    succeeded(await world.kugetsu(...command));
  }
  expect(trap.sprung()).toEqual([]);
  const rescued = way.split(' ').at(-1) ?? '';
  expect(await gitIn(world, repositoryOf(world), 'show', `${rescued}:work.txt`)).toBe('precious');
  expect(await gitIn(world, repositoryOf(world), 'show', `${rescued}:greeting.txt`)).toBe('changed');
});

test('neither does it run what other settings of a fetch name', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const repository = repositoryOf(world);
  const trap = setTrap(world);
  const set = async (key: string, value: string): Promise<string> => gitIn(world, repository, 'config', key, value);
  await set('remote.origin.uploadpack', trap.program('uploadpack'));
  await run(['git', 'fetch', 'origin'], { cwd: repository, env: world.env });
  expect(trap.sprung()).toEqual(['uploadpack']);
  // What a repository lacks, its git may want to fetch from a remote that promised it.
  await set('extensions.partialClone', 'promisor');
  await set('remote.promisor.url', join(world.root, 'remotes', 'demo.git'));
  await set('remote.promisor.promisor', 'true');
  await set('remote.promisor.uploadpack', trap.program('promised'));
  const missing = '1234567890123456789012345678901234567890';
  await run(['git', 'cat-file', '-p', missing], { cwd: repository, env: world.env });
  expect(trap.sprung()).toEqual(['promised']);
  const worktree = worktreeOf(world);
  await gitIn(world, worktree, 'update-index', '--add', '--cacheinfo', `100644,${missing},lost.txt`);
  await world.kugetsu('continue', REF, 'go on', '--follow');
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  expect(trap.sprung()).toEqual([]);
});

test('a worktree whose .git was made to name another repository is moved aside, and that one is not read', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo precious > work.txt', '--follow'));
  const trap = setTrap(world);
  const other = join(world.root, 'other');
  mkdirSync(other);
  await gitIn(world, other, 'init', '--quiet');
  await gitIn(world, other, 'config', 'core.fsmonitor', trap.program('fsmonitor'));
  await gitIn(world, other, 'config', 'core.worktree', worktreeOf(world));
  writeFileSync(join(worktreeOf(world), '.git'), `gitdir: ${join(other, '.git')}\n`);
  await run(['git', 'status'], { cwd: worktreeOf(world), env: world.env });
  expect(trap.sprung()).toEqual(['fsmonitor']);
  // No agent runs where its git would work on another repository.
  expect((await world.kugetsu('continue', REF, 'go on', '--follow')).code).toBe(1);
  expect((await verdictOf(world)).class).toBe('worktree_damaged');
  const [way = ''] = await startedAgain(world);
  expect(trap.sprung()).toEqual([]);
  expect(readFileSync(join(way.replace(/^cd /, ''), 'work.txt'), 'utf8')).toBe('precious\n');
});

test("filters of the user's own, as git-lfs sets them up, do run where a worktree is made", async () => {
  const world = await readyWorld();
  const trap = setTrap(world);
  appendFileSync(join(world.userHome, '.gitconfig'), `[filter "lfs"]\n\tsmudge = ${trap.program('lfs', 'cat')}\n`);
  const checkout = join(world.root, 'checkouts', 'demo');
  writeFileSync(join(checkout, '.gitattributes'), '*.bin filter=lfs\n*.txt filter=unknown\n');
  writeFileSync(join(checkout, 'large.bin'), 'a pointer\n');
  await gitIn(world, checkout, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '-m', 'Large');
  await gitIn(world, checkout, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), 'main');
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(trap.sprung()).toEqual(['lfs']);
  expect(await gitIn(world, worktreeOf(world), 'status', '--porcelain')).toBe('');
});
