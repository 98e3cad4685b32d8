import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workedWorld } from '../support/doctor.ts';
import { REF, succeeded, worktreeOf } from '../support/fake-world.ts';
import { inWorktree } from '../support/states-of-git.ts';
import { gitIn, run, type World } from '../support/world.ts';

const CONFLICT = [
  'git checkout -qb side; echo side > greeting.txt; git commit -qam Side',
  'git checkout -q fix/issue-1; echo ours > greeting.txt; git commit -qam Ours',
  'git commit -q --allow-empty -m More',
].join('; ');

interface Back {
  readonly directory: string;
  readonly operation: { readonly name: string; readonly under_way: boolean; readonly command: string } | null;
}

/** The id of the files that were saved last. */
async function newest(world: World): Promise<string> {
  const found = JSON.parse(succeeded(await world.kugetsu('rescued', '--json')).stdout) as { readonly id: string }[];
  return found.map(({ id }) => id).find((id) => id.endsWith('Z')) ?? '';
}

/** Resolves what is in conflict, and follows the command to go on. */
async function goOn({ root, env }: World, { directory, operation }: Back): Promise<void> {
  const script = `cd '${directory}'; echo both > greeting.txt; git add greeting.txt; ${operation?.command ?? 'false'}`;
  succeeded(await run(['sh', '-ec', script], { cwd: root, env: { ...env, GIT_EDITOR: 'true' } }));
}

const MERGE = `${CONFLICT}; echo new > new.txt; git merge -q side || true`;

test.each([
  ['merge', MERGE, ['More', 'Ours', 'Side']],
  [
    'rebase',
    `${CONFLICT}; echo precious > README.md; git rebase -q --autostash side || true`,
    ['More', 'Ours', 'Side'],
  ],
  ['cherry-pick', `${CONFLICT}; git cherry-pick side || true`, ['Side', 'More', 'Ours']],
  [
    'revert',
    `${CONFLICT}; echo then > greeting.txt; git commit -qam Then; git revert --no-edit HEAD~2 || true`,
    ['Then'],
  ],
])('a %s that was in progress goes on where it is brought back', async (name, make, subjects) => {
  const world = await workedWorld();
  await inWorktree(world, make, []);
  const before = await gitIn(world, worktreeOf(world), 'status', '--porcelain');
  expect(before).toContain('greeting.txt');
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  const there = join(world.root, 'back here');
  const id = await newest(world);
  const back = JSON.parse(
    succeeded(await world.kugetsu('rescued', id, '--apply', '--into', there, '--json')).stdout,
  ) as Back;
  expect(back.operation).toMatchObject({ name, under_way: true });
  expect(await gitIn(world, there, 'status', '--porcelain')).toBe(before);
  await goOn(world, back);
  expect((await gitIn(world, there, 'log', '--format=%s')).split('\n')).toEqual(expect.arrayContaining(subjects));
  expect(readFileSync(join(there, 'greeting.txt'), 'utf8')).toBe('both\n');
  if (name === 'rebase') expect(readFileSync(join(there, 'README.md'), 'utf8')).toBe('precious\n');
});

test('a merge goes on in the worktree of its issue, too; of a rebase it is said where it can', async () => {
  const world = await workedWorld();
  await inWorktree(world, MERGE, []);
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  const merged = await newest(world);
  const back = JSON.parse(succeeded(await world.kugetsu('rescued', merged, '--apply', '--json')).stdout) as Back;
  expect(back.operation).toMatchObject({ name: 'merge', under_way: true });
  await goOn(world, back);
  expect(await gitIn(world, worktreeOf(world), 'log', '-1', '--format=%p')).toContain(' ');
  await inWorktree(
    world,
    'git branch -qD side; git reset -q --hard origin/main; ' + CONFLICT + '; git rebase side || true',
    [],
  );
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  const rebased = await newest(world);
  const said = succeeded(await world.kugetsu('rescued', rebased, '--apply')).stderr;
  expect(said).toContain(
    `a git rebase was in progress, and is not any more; to have it back, run: kugetsu rescued ${rebased}`,
  );
});
