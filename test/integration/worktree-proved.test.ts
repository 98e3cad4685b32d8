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
  waysBack,
} from '../support/fake-world.ts';
import { gitIn, run } from '../support/world.ts';

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
  expect(stderr).toContain('is not a worktree that git can use');
  expect(stderr).toContain(`kugetsu start ${REF}`);
  expect(await verdictOf(world)).toMatchObject({ class: 'worktree_damaged', retryable: false });
  expect(opencodeCalls(world)).toHaveLength(calls);
  expect(await gitIn(world, world.userHome, 'log', '--format=%s')).toBe('My files');

  // One of another repository is none of the either.
  writeFileSync(link, `gitdir: ${join(world.userHome, '.git')}\n`);
  expect((await go()).stderr).toMatch(/is not a worktree|belongs to/);
  expect(opencodeCalls(world)).toHaveLength(calls);

  writeFileSync(link, before);
  succeeded(await world.kugetsu('continue', REF, 'fake: sh git add --all && git commit -qm agent', '--follow'));
  expect(await gitIn(world, repositoryOf(world), 'log', '-1', '--format=%s', 'fix/issue-1')).toBe('agent');
});

test('the git of an agent that has lost its .git finds no repository above it, wherever in the home it is called', async () => {
  const world = await readyWorld();
  await gitIn(world, world.userHome, 'init', '--quiet');
  await gitIn(world, world.userHome, 'commit', '--quiet', '--allow-empty', '-m', 'My files');
  const commit = 'git commit --quiet --allow-empty -m agent; ';
  const places = `mkdir -p deep/er; rm .git; ${commit}(cd deep/er; ${commit}); (cd ..; ${commit}); (cd ../..; ${commit})`;
  await world.kugetsu('start', REF, `fake: sh ${places}`, '--follow');
  expect(await gitIn(world, world.userHome, 'log', '--all', '--format=%s')).toBe('My files');
});

test.each(['HEAD', 'objects', 'refs'])(
  'destroy leaves a repository of the user above a damaged one alone, and the work is kept (%s)',
  async (part) => {
    const world = await readyWorld();
    await gitIn(world, world.userHome, 'init', '--quiet');
    await gitIn(world, world.userHome, 'commit', '--quiet', '--allow-empty', '-m', 'My files');
    await gitIn(world, world.userHome, 'branch', 'fix/issue-1');
    succeeded(await world.kugetsu('start', REF, 'fake: sh echo precious > work.txt', '--follow'));
    rmSync(join(repositoryOf(world), part), { recursive: true });
    const [way = ''] = waysBack(succeeded(await world.kugetsu('destroy', REF, '-y')));
    succeeded(await run(['sh', '-c', way], { cwd: world.root, env: world.env }));
    expect(await gitIn(world, world.userHome, 'for-each-ref', '--format=%(refname) %(subject)')).toBe(
      'refs/heads/fix/issue-1 My files\nrefs/heads/main My files',
    );
    const { stdout } = await run(['grep', '-rlx', 'precious', world.home], { cwd: world.root, env: world.env });
    expect(stdout).toContain('rescued');
  },
);
