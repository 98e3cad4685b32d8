// Slow: each change is made by an agent of its own, and a start afterwards has to work, with both gits.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor, troubles } from '../support/doctor.ts';
import { issue, readyWorld, REF, repositoryOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { gitIn, type World } from '../support/world.ts';

/** What husky, a confused agent and a git that was killed leave behind; on standard output it would be the agent's words. */
const CHANGES = [
  'R=$(git rev-parse --path-format=absolute --git-common-dir)',
  'git config core.hooksPath .husky',
  'git config extensions.worktreeConfig true',
  'git branch -q -M fix',
  'git replace HEAD $(git commit-tree -m other HEAD^{tree})',
  "touch -d '1 hour ago' $R/packed-refs.lock $R/refs/heads/main.lock",
  'echo "[core" >> $R/config',
].join(' && ');

async function changed(world: World, how: 'start' | 'continue'): Promise<string> {
  return succeeded(await world.kugetsu(how, REF, `fake: sh ${CHANGES}`, '--follow')).stderr;
}

// Three runs of an agent, and doctor three times: more than 5 s.
test('an agent changes its repository: doctor says so and mends it, and so does the next start of another issue', async () => {
  const world = await readyWorld();
  const repository = repositoryOf(world);
  await changed(world, 'start');
  const sick = await doctor(world);
  const finding = troubles(sick).find(({ check }) => check === 'repositories');
  expect(finding?.message).toContain(`${repository} is not as kugetsu made it`);
  for (const part of [
    'config, which git cannot read',
    'the branch fix blocks the names of other branches',
    'refs/replace/',
    'packed-refs.lock',
  ]) {
    expect(finding?.message).toContain(part);
  }
  const fixed = await doctor(world, '--fix');
  expect(fixed.repairs.filter((repair) => repair.check === 'repositories' && repair.fixed)).toHaveLength(1);
  expect(troubles(await doctor(world)).filter(({ check }) => check === 'repositories')).toEqual([]);
  expect(await gitIn(world, worktreeOf(world), 'branch', '--show-current')).toBe('moved-fix');

  await changed(world, 'continue');
  const other = succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(other.stdout).toContain(`${repository} was not as kugetsu made it: `);
  expect(other.stdout).toContain('renamed the branch fix to moved-fix');
  expect((await verdictOf(world, issue(2))).class).toBe('ok');
  expect(await gitIn(world, worktreeOf(world, issue(2)), 'config', '--default', 'none', 'core.hooksPath')).toBe('none');

  // An issue that goes on finds the same.
  succeeded(await world.kugetsu('continue', issue(2), `fake: sh git config core.autocrlf true`, '--follow'));
  const again = succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
  expect(again.stdout).toContain('restored settings in config: core.autocrlf');
  for (const ref of [REF, issue(2)]) succeeded(await world.kugetsu('destroy', ref, '-y'));
  expect(await gitIn(world, world.root, '--git-dir', repository, 'branch', '--list', 'fix/*')).toBe('');
  expect(existsSync(join(repository, 'packed-refs.lock'))).toBe(false);
});
