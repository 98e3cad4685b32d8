import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workedWorld } from '../support/doctor.ts';
import { issue, REF, repositoryOf, succeeded, verdictOf, waysBack, worktreeOf } from '../support/fake-world.ts';
import { inWorktree } from '../support/states-of-git.ts';
import { gitIn, type World } from '../support/world.ts';

interface Entry {
  readonly id: string;
  readonly issue_ref: string | null;
  readonly kind: string;
  readonly saved_at: string;
  readonly bytes: number;
  readonly subject: string;
}

async function rescued(world: World, ...args: readonly string[]): Promise<Entry[]> {
  return JSON.parse(succeeded(await world.kugetsu('rescued', ...args, '--json')).stdout) as Entry[];
}

const WORK =
  'git commit -q --allow-empty -m "Half of it"; echo staged > s.txt; git add s.txt; echo later > s.txt; echo new > n.txt';

test('what was saved of an issue is listed with date, size and subject, and comes back into its worktree as it was', async () => {
  const world = await workedWorld();
  expect((await world.kugetsu('rescued')).stderr).toContain('nothing was saved');
  await inWorktree(world, WORK, []);
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  const [entry] = await rescued(world, REF);
  expect(entry).toMatchObject({ issue_ref: REF, kind: 'commit', subject: 'Half of it' });
  expect(Date.parse(entry?.saved_at ?? '')).toBeGreaterThan(Date.now() - 600_000);
  expect(entry?.bytes).toBeGreaterThan(0);
  expect(await rescued(world, issue(2))).toEqual([]);

  // Never over work that is there.
  writeFileSync(join(worktreeOf(world), 'mine.txt'), 'mine');
  const refused = await world.kugetsu('rescued', REF, '--apply');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /has uncommitted changes: nothing was brought back\n {2}to have it elsewhere, run: kugetsu rescued \S+ --apply --into/,
  );
  await inWorktree(world, 'rm mine.txt', []);

  succeeded(await world.kugetsu('rescued', REF, '--apply'));
  const worktree = worktreeOf(world);
  expect(await gitIn(world, worktree, 'status', '--porcelain')).toBe('AM s.txt\n?? n.txt');
  expect(await gitIn(world, worktree, 'show', ':s.txt')).toBe('staged');
  expect(await gitIn(world, worktree, 'log', '-1', '--format=%s %D')).toContain('Half of it HEAD -> fix/issue-1');
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
});

test('what was saved of an issue that is gone comes back into a new directory, and into no other', async () => {
  const world = await workedWorld();
  await inWorktree(world, `${WORK}; git init -q inner; echo deep > inner/deep.txt`, []);
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  const found = await rescued(world);
  expect(found.map(({ kind }) => kind).toSorted()).toEqual(['commit', 'directory']);
  const ambiguous = await world.kugetsu('rescued', REF, '--apply');
  expect(ambiguous.code).toBe(2);
  expect(ambiguous.stderr).toContain('2 things were saved for this issue');
  for (const { id, kind } of found) {
    const there = join(world.root, `back of ${kind}`);
    const alone = await world.kugetsu('rescued', id, '--apply');
    expect(alone.code).toBe(1);
    mkdirSync(there);
    writeFileSync(join(there, 'mine.txt'), 'mine');
    expect((await world.kugetsu('rescued', id, '--apply', '--into', there)).stderr).toContain(
      'already exists and was not changed',
    );
    succeeded(await world.kugetsu('rescued', id, '--apply', '--into', `${there}/new`));
  }
  const files = join(world.root, 'back of commit', 'new');
  expect(readFileSync(join(files, 'n.txt'), 'utf8')).toBe('new\n');
  expect(await gitIn(world, files, 'show', 'HEAD^2:s.txt')).toBe('staged');
  expect(readFileSync(join(world.root, 'back of directory', 'new', 'inner', 'deep.txt'), 'utf8')).toBe('deep\n');
  expect((await world.kugetsu('rescued', 'nothing/of-it')).stderr).toContain('nothing was saved as');
});

test('work goes back into a worktree only when that has no commit of its own, and no agent', async () => {
  const world = await workedWorld();
  await inWorktree(world, WORK, []);
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  await inWorktree(world, 'git commit -q --allow-empty -m Other', []);
  expect((await world.kugetsu('rescued', REF, '--apply')).stderr).toContain(
    'has commits that the saved work does not build on',
  );
  await inWorktree(world, 'git reset -q --hard HEAD~; git checkout -q --detach', []);
  expect((await world.kugetsu('rescued', REF, '--apply')).stderr).toContain('is on no branch');
  await inWorktree(world, 'git checkout -q fix/issue-1', []);
  succeeded(await world.kugetsu('continue', REF, 'fake: hang'));
  const busy = await world.kugetsu('rescued', REF, '--apply');
  expect(busy.code).toBe(4);
  succeeded(await world.kugetsu('stop', REF));
  succeeded(await world.kugetsu('rescued', REF, '--apply'));
  expect(existsSync(join(worktreeOf(world), 'n.txt'))).toBe(true);
});

test('an entry of the stash is kept and told at the end of the run, and outlives another agent that takes it', async () => {
  const world = await workedWorld();
  const stash = 'echo precious > greeting.txt; echo new > new.txt; git stash -u';
  const { stdout } = succeeded(await world.kugetsu('continue', REF, `fake: sh ${stash}`, '--follow'));
  expect(stdout).toContain('an entry of the stash');
  succeeded(
    await world.kugetsu('start', issue(2), 'fake: sh git stash pop -q; git checkout -q .; git clean -qfd', '--follow'),
  );
  expect(await gitIn(world, repositoryOf(world), 'for-each-ref', 'refs/stash')).toBe('');
  const [entry] = await rescued(world, REF);
  expect(entry?.id).toMatch(/-stash$/);
  expect(entry?.subject).toContain('fix/issue-1');
  succeeded(await world.kugetsu('rescued', entry?.id ?? '', '--apply'));
  expect(readFileSync(join(worktreeOf(world), 'new.txt'), 'utf8')).toBe('new\n');
  expect(readFileSync(join(worktreeOf(world), 'greeting.txt'), 'utf8')).toBe('precious\n');
  // What is saved once is not told again.
  await inWorktree(world, 'git checkout -q .; git clean -qfd; echo more > more.txt; git stash -qu', []);
  expect(waysBack(succeeded(await world.kugetsu('destroy', REF, '-y')))).toHaveLength(1);
  expect((await verdictOf(world, issue(2))).class).toBe('ok');
});

test('of two that were saved in one second the later one is listed first', async () => {
  const world = await workedWorld();
  const tip = await gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD');
  for (const ms of ['100', '900', '500']) {
    await gitIn(world, repositoryOf(world), 'update-ref', `refs/kugetsu/rescue/gone/20260401T101500${ms}Z`, tip);
  }
  expect((await rescued(world)).map(({ id }) => id.slice(-4))).toEqual(['900Z', '500Z', '100Z']);
});
