// Slow: each hindrance is made in a started issue, which is destroyed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeNamespace } from '../support/faults/namespace.ts';
import { readyWorld, REF, repositoryOf, succeeded, verdictOf, waysBack, worktreeOf } from '../support/fake-world.ts';
import { gitIn, run, type World } from '../support/world.ts';

const NOBODY = '65534';

/** The same world for a user whom modes bind: root gives it away, anybody else is one. */
function asOrdinaryUser(world: World): World {
  if (process.getuid?.() !== 0) return world;
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, world.root]);
  const drop = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const command = [...drop, ...world.command];
  return {
    ...world,
    command,
    kugetsu: async (...args) => run([...command, ...args], { cwd: world.project, env: world.env }),
  };
}

/** What Go's module cache looks like, and a repository in such a directory. */
const READ_ONLY = [
  'mkdir -p cache/mod/pkg@v1 nested/repo',
  'echo cache/ > .gitignore',
  'echo module > cache/mod/pkg@v1/go.mod',
  'git -C nested/repo init -q',
  'echo inner > nested/repo/inner.txt',
  'echo precious > work.txt',
  'chmod -R a-w cache nested/repo',
  'chmod a-w nested',
].join(' && ');

function leftIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('.'));
}

test('a worktree with read-only directories goes whole for a user whom modes bind, and its work is saved', async () => {
  const world = asOrdinaryUser(await readyWorld());
  for (const message of [`fake: sh ${READ_ONLY}`, 'again'])
    succeeded(await world.kugetsu('start', REF, message, '--follow'));
  const worktree = worktreeOf(world);
  expect((await verdictOf(world)).class).toBe('ok');
  expect(existsSync(join(worktree, '.git'))).toBe(true);
  expect(existsSync(join(worktree, 'cache'))).toBe(false);
  expect(leftIn(join(world.home, 'worktrees'))).toEqual([]);
  const [name = ''] = readdirSync(join(world.home, 'rescued'));
  const [aside = ''] = readdirSync(join(world.home, 'rescued', name));
  expect(readFileSync(join(world.home, 'rescued', name, aside, 'nested', 'repo', 'inner.txt'), 'utf8')).toBe('inner\n');
  succeeded(await world.kugetsu('continue', REF, `fake: sh ${READ_ONLY}`, '--follow'));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect(existsSync(worktree)).toBe(false);
  expect(leftIn(join(world.home, 'worktrees'))).toEqual([]);
  execFileSync('chmod', ['-R', 'u+w', world.home]);
});

test('a worktree that was locked is replaced and removed as any other', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh git worktree lock .', '--follow'));
  succeeded(await world.kugetsu('start', REF, 'fake: sh git worktree lock .', '--follow'));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect(existsSync(worktreeOf(world))).toBe(false);
  expect(await gitIn(world, repositoryOf(world), 'worktree', 'list')).not.toContain(worktreeOf(world));
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test('what is moved out of worktrees/ to another filesystem is copied, and removed when that is whole', async () => {
  const world = await readyWorld();
  mkdirSync(join(world.home, 'worktrees'), { recursive: true });
  const machine = await makeNamespace(world, 'mount -t tmpfs tmpfs "$1"', join(world.home, 'worktrees'));
  const inner = machine.world;
  const nested = 'git init -q inner && echo inner > inner/a.txt && ln -s a.txt inner/link && chmod 0555 inner';
  succeeded(await inner.kugetsu('start', REF, `fake: sh ${nested}`, '--follow'));
  const ways = waysBack(succeeded(await inner.kugetsu('start', REF, 'fake: sh echo x > y.txt; rm .git')));
  expect((await verdictOf(inner)).class).toBe('ok');
  const moved = ways.find((way) => way.startsWith('cd ')) ?? '';
  expect(succeeded(await machine.sh(`${moved} && cat link && stat -c %a .`)).stdout).toBe('inner\n555\n');
  // Without its .git the whole worktree is moved.
  const [whole = ''] = waysBack(succeeded(await inner.kugetsu('destroy', REF, '-y')));
  expect(succeeded(await machine.sh(`${whole} && cat y.txt`)).stdout).toBe('x\n');
  expect(succeeded(await machine.sh('ls -A "$1"', join(world.home, 'worktrees'))).stdout).toBe('');
  succeeded(await machine.sh('chmod -R u+w "$1"', world.home));
});

test('what cannot be copied stays where it is', async () => {
  const world = await readyWorld();
  const rescued = join(world.home, 'rescued');
  mkdirSync(rescued, { recursive: true, mode: 0o700 });
  const machine = await makeNamespace(world, 'mount -t tmpfs -o size=64k tmpfs "$1"', rescued);
  const big = 'git init -q inner && head -c 1000000 /dev/urandom > inner/big';
  succeeded(await machine.world.kugetsu('start', REF, `fake: sh ${big}`, '--follow'));
  const { code, stderr } = await machine.world.kugetsu('destroy', REF, '-y');
  expect(code).toBe(1);
  expect(stderr).toContain('cannot copy to another filesystem');
  expect(readFileSync(join(worktreeOf(world), 'inner', 'big'))).toHaveLength(1_000_000);
  expect(succeeded(await machine.sh('find "$1" -type f', rescued)).stdout).toBe('');
});
