import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor } from '../support/doctor.ts';
import {
  issue,
  listed,
  readyWorld,
  REF,
  REPOSITORY,
  repositoryOf,
  sessionFile,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { forgetIssue, namesOf, pruned } from '../support/prune-world.ts';
import { gitIn, type World } from '../support/world.ts';

const WORK = 'git commit --quiet --allow-empty -m Work';
const PUSH = 'git push --quiet origin HEAD';

const prefix = async (world: World, ...value: readonly string[]): Promise<unknown> =>
  succeeded(await world.kugetsu('repo', value.length === 0 ? 'unset' : 'set', REPOSITORY, 'branch_prefix', ...value));

const work = async (world: World, script: string, ref = REF): Promise<string> =>
  succeeded(await world.kugetsu('start', ref, `fake: sh ${script}`, '--follow')).stdout;

/** The branches of a bare repository. */
async function branches(world: World, repository: string): Promise<string[]> {
  const names = await gitIn(world, repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads');
  return names.split('\n').filter((name) => name !== '');
}

const pushed = async (world: World): Promise<string[]> => branches(world, join(world.root, 'remotes', 'demo.git'));
const own = async (world: World): Promise<string[]> => branches(world, repositoryOf(world));

const branchOf = async (world: World, ref = REF): Promise<unknown> =>
  (await listed(world))
    .map((each) => each as { issue_ref: string; branch?: string })
    .find((each) => each.issue_ref === ref)?.branch;

// Five starts.
test('branch_prefix names the branches of new issues, and an issue that has a worktree keeps its branch', async () => {
  const world = await readyWorld();
  await work(world, `${WORK}; ${PUSH}`, issue(2));
  await prefix(world, 'agents/me-');
  await work(world, `${WORK}; ${PUSH}`);
  await work(world, `${WORK}; ${PUSH}`, issue(2));
  expect(await pushed(world)).toEqual(['agents/me-issue-1', 'fix/issue-2', 'main']);
  expect(await branchOf(world)).toBe('agents/me-issue-1');
  expect(await branchOf(world, issue(2))).toBe('fix/issue-2');
  // What was pushed is gone on with, even when the setting is gone.
  await prefix(world);
  expect(await work(world, WORK)).toContain('starts from origin/agents/me-issue-1 (1 commit');
  expect((await verdictOf(world)).evidence).toMatchObject({ branch: 'agents/me-issue-1', commits_ahead: 2 });
  const way = waysBack(await world.kugetsu('destroy', REF, '-y')).join('\n');
  expect(way).toContain('refs/kugetsu/rescue/forge.test-acme-demo-1/');
  expect(await own(world)).toEqual(['fix/issue-2']);
  await work(world, WORK);
  expect(await branchOf(world)).toBe('fix/issue-1');
});

test('an agent pushes no branch of another issue, whatever that begins with', async () => {
  const world = await readyWorld();
  await prefix(world, 'agents/');
  await work(world, WORK, issue(2));
  const push = (branch: string): string => `git push --quiet origin ${branch} 2>&1 || true`;
  const tried = ['agents/issue-2', 'agents/issue-3', 'fix/issue-4'];
  const made = 'git branch agents/issue-3; git branch fix/issue-4';
  await work(world, [WORK, made, ...tried.map(push), PUSH].join('; '));
  const said = (await world.kugetsu('logs', REF, '--json')).stdout;
  for (const branch of tried) expect(said).toContain(`refs/heads/${branch} belongs to another issue`);
  expect(await pushed(world)).toEqual(['agents/issue-1', 'main']);
});

test('a branch of an agent that leaves no room for those of issues is renamed', async () => {
  const world = await readyWorld();
  await work(world, 'git branch agents/me-issue-2/part; git branch deep', issue(3));
  await prefix(world, 'agents/me-');
  expect(await work(world, WORK, issue(2))).toContain('renamed the branch agents/me-issue-2/part to moved-');
  await prefix(world, 'deep/er/');
  expect(await work(world, WORK, issue(4))).toContain('renamed the branch deep to moved-deep');
  expect(await own(world)).toContain('deep/er/issue-4');
});

test('prune and doctor know the branches of a prefix', async () => {
  const world = await readyWorld();
  await prefix(world, 'agents/');
  await work(world, WORK);
  await work(world, WORK, issue(2));
  // An issue whose session file is gone gets it back with the branch that is checked out.
  await prefix(world, 'other/');
  rmSync(sessionFile(world));
  await doctor(world, '--fix');
  expect(await branchOf(world)).toBe('agents/issue-1');
  // A branch of nobody's goes, and what only it has is kept under the name of its issue.
  await prefix(world, 'agents/');
  rmSync(worktreeOf(world, issue(2)), { recursive: true });
  forgetIssue(world, issue(2));
  expect(namesOf(await pruned(world))).toContain('branch forge.test-acme-demo.git agents/issue-2');
  const outcome = await world.kugetsu('prune', '--force');
  expect(outcome.stdout + outcome.stderr).toContain('refs/kugetsu/rescue/forge.test-acme-demo-2/');
  expect(await own(world)).toEqual(['agents/issue-1']);
});
