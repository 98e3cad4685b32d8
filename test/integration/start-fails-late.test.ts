import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { workedWorld } from '../support/doctor.ts';
import { listedIssue, REF, repositoryOf, succeeded, waysBack, worktreeOf } from '../support/fake-world.ts';
import { inWorktree } from '../support/states-of-git.ts';
import { gitIn } from '../support/world.ts';

// Four runs.
test('the old worktree stays as it was when no new one can be made, and the agent goes on in it', async () => {
  const world = await workedWorld();
  const make =
    'git commit -q --allow-empty -m Mine; echo staged > s.txt; git add s.txt; echo later > s.txt; git worktree lock .';
  await inWorktree(world, make, []);
  const worktree = worktreeOf(world);
  const before = await listedIssue(world);
  const facts = async (): Promise<string> =>
    `${await gitIn(world, worktree, 'log', '--format=%H')}\n${await gitIn(world, worktree, 'status', '--porcelain', '-b')}`;
  const whole = await facts();
  // As with Git LFS whose server fails: that is known when the files are written.
  const checkout = join(world.root, 'checkouts', 'demo');
  writeFileSync(join(checkout, '.gitattributes'), '*.bin filter=bad\n');
  writeFileSync(join(checkout, 'large.bin'), 'content');
  await gitIn(world, checkout, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '-m', 'Large');
  await gitIn(world, checkout, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), 'main');
  await gitIn(world, world.root, 'config', '--global', 'filter.bad.smudge', 'false');
  await gitIn(world, world.root, 'config', '--global', 'filter.bad.required', 'true');

  const failed = await world.kugetsu('start', REF, 'again', '--follow');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("external filter 'false' failed");
  expect(waysBack({ stderr: `${failed.stdout}${failed.stderr}` })).not.toEqual([]);
  expect(await facts()).toBe(whole);
  expect(readFileSync(join(worktree, 's.txt'), 'utf8')).toBe('later\n');
  expect(await listedIssue(world)).toMatchObject({ worktree: before.worktree, session_id: before.session_id });
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));

  await gitIn(world, world.root, 'config', '--global', 'filter.bad.smudge', 'cat');
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  expect(readFileSync(join(worktree, 'large.bin'), 'utf8')).toBe('content');
  expect(existsSync(join(worktree, 's.txt'))).toBe(false);
  // Nothing of the old one is left.
  expect(readdirSync(dirname(worktree))).toEqual([worktree.slice(dirname(worktree).length + 1)]);
  expect(readdirSync(join(repositoryOf(world), 'worktrees'))).toHaveLength(1);
  expect(existsSync(join(repositoryOf(world), 'kugetsu-git', 'worktree.old'))).toBe(false);
});
