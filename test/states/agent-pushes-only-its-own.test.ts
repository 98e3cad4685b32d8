// Slow: each way to push is tried by an agent of its own, with both gits.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { issue, readyWorld, REF, succeeded, verdictOf } from '../support/fake-world.ts';
import { otherGit, type OtherGit } from '../support/gits.ts';
import { noted, notesPath } from '../support/queue-world.ts';
import { gitIn, type World } from '../support/world.ts';

// They are fetched once, over a network that may be slow.
beforeAll(() => {
  otherGit('oldest');
  otherGit('newest');
}, 900_000);

/** What the agent of the first issue pushes, by a name for it; `no` is refused. */
const PUSHES: readonly (readonly [string, 'yes' | 'no', string])[] = [
  ['all', 'no', 'git push --all origin'],
  ['mirror', 'no', 'git push --mirror origin'],
  ['forced mirror', 'no', 'git -c remote.origin.mirror=true push'],
  ['matching', 'no', 'git push origin fix/issue-1 fix/issue-2'],
  ['wildcard', 'no', 'git push origin "refs/heads/*:refs/heads/*"'],
  ['branch of another issue', 'no', 'git push origin fix/issue-2'],
  ['the same under another name', 'no', 'git push origin fix/issue-2:elsewhere'],
  ['branch of an issue without a worktree', 'no', 'git push origin fix/issue-3'],
  ['rebase of another issue', 'no', 'git push origin side-of-4'],
  ['stash', 'no', 'git push origin refs/stash:refs/heads/stash'],
  ['rescued', 'no', 'git push origin refs/kugetsu/rescue/a:refs/heads/a'],
  ['kept', 'no', 'git push origin "refs/kugetsu-pushed/*:refs/heads/kept/*"'],
  ['removal of main', 'no', 'git push origin :main'],
  ['removal of another issue', 'no', 'git push origin :fix/issue-2'],
  ['plain', 'yes', 'git push'],
  ['own', 'yes', 'git push origin HEAD'],
  ['own by name', 'yes', 'git push -u origin fix/issue-1'],
  ['another of its own', 'yes', 'git push origin HEAD:refs/heads/part-1'],
  ['new branch', 'yes', 'git branch part-2 && git push origin part-2'],
  ['removal of its own', 'yes', 'git push origin --delete part-1'],
  ['tag', 'yes', 'git tag v1 && git push origin v1'],
  [
    'own repository',
    'yes',
    'git init -q --bare ../own.git && git init -q ../own && cd ../own && git commit -q --allow-empty -m a && git push -q --mirror ../own.git',
  ],
  ['without the check', 'yes', 'git push --no-verify origin fix/issue-2:published'],
];

/** The user's own hooks, for all repositories: they note that they have run, and what they were told. */
function usersHooks(world: World): void {
  const hooks = join(world.root, 'hooks');
  mkdirSync(hooks);
  const note = `{ echo "\${0##*/} $*"; [ "\${0##*/}" = pre-push ] && cat; true; } >> '${notesPath(world, 'hooks')}'`;
  for (const name of ['pre-push', 'pre-commit']) {
    writeFileSync(join(hooks, name), `#!/bin/sh\n${note}\n`);
    chmodSync(join(hooks, name), 0o755);
  }
}

async function others(world: World): Promise<void> {
  const leaves = (more: string): string => `fake: sh echo a > a.txt; git add .; git commit -qm A; ${more}`;
  await world.kugetsu('start', issue(2), leaves('git branch fix/issue-3'), '--follow');
  // In the middle of a rebase no HEAD names the branch.
  const stuck = 'git checkout -q -b side-of-4; GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/" git rebase -q -i HEAD~1';
  await world.kugetsu('start', issue(4), leaves(stuck), '--follow');
}

// Three agents, and two dozen pushes.
test.each<[string, OtherGit | undefined]>([
  ['the git of this machine', undefined],
  ['the oldest git', 'oldest'],
  ['the newest git', 'newest'],
])('with %s, an agent publishes what is its own and nothing else', async (_what, which) => {
  const ready = await readyWorld({ MAX_CONCURRENT_AGENTS: '4' });
  const path = ready.env['PATH'] ?? '';
  const world = which === undefined ? ready : ready.withEnv({ PATH: `${otherGit(which)}:${path}` });
  await others(world);
  usersHooks(world);
  await gitIn(world, world.project, 'config', '--global', 'core.hooksPath', join(world.root, 'hooks'));
  const script = notesPath(world, 'pushes.sh');
  const before =
    'echo b > b.txt; git stash -qu; git update-ref refs/kugetsu/rescue/a HEAD; git update-ref refs/kugetsu-pushed/b HEAD';
  const results = notesPath(world, 'results');
  const lines = PUSHES.map(
    ([name, , push]) =>
      `(${push}) > '${results}.out' 2>&1 && echo '${name}: yes' >> '${results}' || { echo '${name}: no' >> '${results}'; cat '${results}.out' >> '${results}.why'; }`,
  );
  writeFileSync(script, [`echo a > c.txt; git add .; git commit -qm C; ${before}`, ...lines].join('\n'));

  succeeded(await world.kugetsu('start', REF, `fake: sh sh '${script}'`, '--follow'));
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded' });
  expect(noted(world, 'results')).toEqual(PUSHES.map(([name, allowed]) => `${name}: ${allowed}`));
  const why = noted(world, 'results.why');
  expect(why).toContain('kugetsu: not pushed: refs/heads/fix/issue-2 belongs to another issue');
  expect(why).toContain('  agents share this repository; push the branch of your issue: git push origin HEAD');

  const published = await gitIn(world, join(world.root, 'remotes', 'demo.git'), 'for-each-ref', '--format=%(refname)');
  expect(published.split('\n')).toEqual(
    ['heads/fix/issue-1', 'heads/main', 'heads/part-2', 'heads/published', 'tags/v1'].map((name) => `refs/${name}`),
  );
  // The user's own hooks ran, and the one before a push read what is pushed.
  const hooks = noted(world, 'hooks');
  expect(hooks).toContain('pre-commit ');
  expect(hooks.some((line) => line.startsWith('pre-push origin '))).toBe(true);
  expect(hooks.some((line) => line.startsWith('refs/heads/fix/issue-1 '))).toBe(true);
});
