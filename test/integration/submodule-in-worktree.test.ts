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
