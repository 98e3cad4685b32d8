import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  opencodeCalls,
  readyWorld,
  REF,
  repositoryOf,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn } from '../support/world.ts';

test('no agent runs in a worktree without .git, where git would find a repository above it', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo precious > work.txt', '--follow'));
  await gitIn(world, world.userHome, 'init', '--quiet');
  await gitIn(world, world.userHome, 'commit', '--quiet', '--allow-empty', '-m', 'My files');
  const link = join(worktreeOf(world), '.git');
  const before = readFileSync(link, 'utf8');
  rmSync(link);
  const calls = opencodeCalls(world).length;
  const go = async (): ReturnType<typeof world.kugetsu> =>
    world.kugetsu('continue', REF, 'fake: sh git add --all && git commit -qm agent', '--follow');

  const { code, stderr } = await go();
  expect(code).toBe(1);
  expect(stderr).toContain('is no worktree that git can use');
  expect(stderr).toContain(`kugetsu start ${REF}`);
  expect(await verdictOf(world)).toMatchObject({ class: 'worktree_damaged', retryable: false });
  expect(opencodeCalls(world)).toHaveLength(calls);
  expect(await gitIn(world, world.userHome, 'log', '--format=%s')).toBe('My files');

  // One of another repository is none of the either.
  writeFileSync(link, `gitdir: ${join(world.userHome, '.git')}\n`);
  expect((await go()).stderr).toMatch(/is no worktree|belongs to/);
  expect(opencodeCalls(world)).toHaveLength(calls);

  writeFileSync(link, before);
  succeeded(await world.kugetsu('continue', REF, 'fake: sh git add --all && git commit -qm agent', '--follow'));
  expect(await gitIn(world, repositoryOf(world), 'log', '-1', '--format=%s', 'fix/issue-1')).toBe('agent');
});
