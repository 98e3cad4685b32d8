import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyWorld, REF, succeeded, waysBack, worktreeOf } from '../support/fake-world.ts';
import { gitIn, makeRemote } from '../support/world.ts';

test('the work inside a submodule, its unpushed commits among it, outlives the worktree', async () => {
  const world = await readyWorld();
  const library = await makeRemote(world, 'library', { 'code.txt': 'old\n' });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const worktree = worktreeOf(world);
  await gitIn(world, worktree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib');
  await gitIn(world, worktree, 'commit', '--quiet', '-m', 'Use the library');
  writeFileSync(join(worktree, 'lib', 'code.txt'), 'committed\n');
  await gitIn(world, join(worktree, 'lib'), 'commit', '--quiet', '--all', '-m', 'Precious change');
  const commit = await gitIn(world, join(worktree, 'lib'), 'rev-parse', 'HEAD');
  writeFileSync(join(worktree, 'lib', 'code.txt'), 'not committed\n');
  const ways = waysBack(succeeded(await world.kugetsu('destroy', REF, '-y')));
  expect(existsSync(worktree)).toBe(false);
  const directories = ways.filter((way) => way.startsWith('cd ')).map((way) => way.slice(3));
  const checkout = directories.find((directory) => directory.endsWith('/lib')) ?? '';
  expect(readFileSync(join(checkout, 'code.txt'), 'utf8')).toBe('not committed\n');
  expect(await gitIn(world, checkout, 'rev-parse', 'HEAD')).toBe(commit);
  expect(await gitIn(world, checkout, 'status', '--porcelain')).toBe('M code.txt');
});

interface Listed {
  readonly id: string;
  readonly kind: string;
}

test.each([
  ['moved one by one', 'true'],
  ['moved with the whole worktree', 'mkfifo pipe'],
])('submodules in submodules work where they are %s', async (_how, more) => {
  const world = await readyWorld();
  const deep = await makeRemote(world, 'deep', {});
  const library = await makeRemote(world, 'library', { 'code.txt': 'old\n' });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const make = `
    git config --global protocol.file.allow always
    git clone -q ${library} ../../clone; cd ../../clone
    git submodule -q add ${deep} deep; git commit -qm Deep; git push -q origin HEAD; cd -; rm -rf ../../clone
    git submodule -q add ${library} lib; git submodule -q update --init --recursive; git commit -qm Library
    cd lib/deep; git commit -q --allow-empty -m Precious; echo new > new.txt; cd ../..; ${more}`;
  execFileSync('sh', ['-ec', make], { cwd: worktreeOf(world), env: world.env });
  const ways = waysBack(succeeded(await world.kugetsu('destroy', REF, '-y')));
  const moved = ways.filter((way) => way.startsWith('cd ')).map((way) => way.slice(3));
  const checkout = moved
    .flatMap((directory) => [join(directory, 'deep'), join(directory, 'lib', 'deep')])
    .find((directory) => existsSync(join(directory, 'new.txt')));
  const expectWorking = async (place: string): Promise<void> => {
    expect(await gitIn(world, place, 'log', '-1', '--format=%s')).toBe('Precious');
    expect(await gitIn(world, place, 'status', '--porcelain')).toBe('?? new.txt');
    expect(await gitIn(world, join(place, '..'), 'status', '--porcelain')).toContain('deep');
  };
  await expectWorking(checkout ?? '');
  const listed = JSON.parse(succeeded(await world.kugetsu('rescued', '--json')).stdout) as Listed[];
  const id = listed.find(({ kind }) => kind === 'directory')?.id ?? '';
  const there = join(world.root, 'brought back');
  succeeded(await world.kugetsu('rescued', id, '--apply', '--into', there));
  await expectWorking(join(there, 'lib', 'deep'));
});
