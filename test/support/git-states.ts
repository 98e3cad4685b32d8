import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { repositoryOf } from './fake-world.ts';
import { STATES_INSIDE } from './git-states-inside.ts';
import { hasSubject, keptBy, text, type Back, type State } from './states-of-git.ts';
import { gitIn } from './world.ts';

// A commit that is only where `$1` puts it.
const LOST = 'lost() { git commit-tree -p HEAD -m "$1" HEAD^{tree}; }';
const CONFLICT = [
  'git checkout -qb side',
  'echo side > greeting.txt',
  'git commit -qam Side',
  'git checkout -q fix/issue-1',
  'echo ours > greeting.txt',
  'git commit -qam Ours',
].join('; ');

async function staged({ world, part }: Back, name: string): Promise<string> {
  return gitIn(world, part(''), 'show', `HEAD^2:${name}`);
}

/** Files, the index and HEAD. */
const FILES: readonly State[] = [
  {
    name: 'changed, new and deleted files, and links',
    make: 'echo changed > greeting.txt; mkdir "a b"; echo new > "a b/new é.txt"; ln -s greeting.txt link; rm README.md',
    check({ part }) {
      expect(text(part(''), 'greeting.txt')).toBe('changed');
      expect(text(part(''), 'a b/new é.txt')).toBe('new');
      expect(lstatSync(join(part(''), 'link')).isSymbolicLink()).toBe(true);
      expect(existsSync(join(part(''), 'README.md'))).toBe(false);
    },
  },
  {
    name: 'what is staged and different in the file',
    make: 'echo staged > greeting.txt; git add greeting.txt; echo later > greeting.txt; echo only > only.txt; git add only.txt; rm only.txt',
    async check(back) {
      expect(text(back.part(''), 'greeting.txt')).toBe('later');
      expect(await staged(back, 'greeting.txt')).toBe('staged');
      expect(await staged(back, 'only.txt')).toBe('only');
    },
  },
  {
    name: 'an index in conflict, with something else that is staged',
    make: `${CONFLICT}; git merge -q side || true; echo staged > s.txt; git add s.txt; rm s.txt; echo mine > greeting.txt`,
    async check(back) {
      expect(text(back.part(''), 'greeting.txt')).toBe('mine');
      expect(await staged(back, 's.txt')).toBe('staged');
      expect(text(back.part('-git'), 'conflicts/3/greeting.txt')).toBe('side');
      expect(text(back.part('-git'), 'conflicts/2/greeting.txt')).toBe('ours');
    },
  },
  {
    name: 'files that git is told not to look at',
    make: 'git add -N . ; echo new > n.txt; git add -N n.txt; git update-index --skip-worktree greeting.txt; git update-index --assume-unchanged README.md; echo hidden > greeting.txt; echo hidden > README.md',
    check({ part }) {
      for (const name of ['greeting.txt', 'README.md']) expect(text(part(''), name)).toBe('hidden');
      expect(text(part(''), 'n.txt')).toBe('new');
    },
  },
  {
    name: 'files outside of a sparse checkout',
    make: 'mkdir in out; echo a > in/a; echo b > out/b; git add .; git commit -qm Both; git sparse-checkout set in; mkdir -p out; echo new > out/new; echo changed > in/a; test ! -e out/b',
    check({ part }) {
      expect(text(part(''), 'out/new')).toBe('new');
      expect(text(part(''), 'in/a')).toBe('changed');
      expect(text(part(''), 'out/b')).toBe('b');
    },
  },
  {
    name: 'a split index',
    make: 'echo staged > greeting.txt; git add greeting.txt; git update-index --split-index; echo later > greeting.txt; git update-index --refresh -q || true',
    async check(back) {
      expect(text(back.part(''), 'greeting.txt')).toBe('later');
      expect(await staged(back, 'greeting.txt')).toBe('staged');
    },
  },
  {
    name: 'an index that git cannot read',
    make: 'echo new > new.txt; echo garbage > "$(git rev-parse --git-path index)"',
    check: ({ part }) => expect(text(part(''), 'new.txt')).toBe('new'),
  },
  {
    name: 'an index that is a pipe',
    make: 'echo new > new.txt; index=$(git rev-parse --git-path index); rm "$index"; mkfifo "$index"',
    check: ({ part }) => expect(text(part(''), 'new.txt')).toBe('new'),
  },
  {
    name: 'a HEAD that is a link',
    make: 'git checkout -qb other; echo staged > s.txt; git add s.txt; rm s.txt; head=$(git rev-parse --git-path HEAD); rm "$head"; ln -s refs/heads/other "$head"',
    check: async (back) => expect(await staged(back, 's.txt')).toBe('staged'),
  },
  {
    name: 'a HEAD that git cannot read',
    make: 'git checkout -q --detach; git commit -q --allow-empty -m Detached; echo staged > s.txt; git add s.txt; rm s.txt; : > "$(git rev-parse --git-path HEAD)"',
    async check(back) {
      await hasSubject(back, '-entry', 'Detached');
      expect(text(back.part('-entry'), 's.txt')).toBe('staged');
    },
  },
  {
    name: 'commits on a detached HEAD and on the branch',
    make: 'git commit -q --allow-empty -m Branch; git checkout -q --detach origin/main; git commit -q --allow-empty -m Detached',
    async check(back) {
      await hasSubject(back, '', 'Detached');
      await hasSubject(back, '-branch', 'Branch');
    },
  },
  {
    name: 'a branch without a commit, with something staged',
    make: 'git commit -q --allow-empty -m Before; git checkout -q --orphan other; echo staged > greeting.txt; git add greeting.txt; rm greeting.txt',
    async check(back) {
      expect(await gitIn(back.world, back.part(''), 'show', 'HEAD^:greeting.txt')).toBe('staged');
      await hasSubject(back, '-branch', 'Before');
    },
  },
  {
    name: 'commits that were reset, amended or rebased away',
    make: 'git commit -q --allow-empty -m Reset; git reset -q --hard HEAD~; git commit -q --allow-empty -m Amended; git commit -q --amend --allow-empty -m Now',
    async check(back) {
      await hasSubject(back, '', 'Now');
      await hasSubject(back, '-git', 'Amended');
      await hasSubject(back, '-git', 'Reset');
    },
  },
  {
    name: 'another branch, tags and notes',
    make: 'git commit -q --allow-empty -m Tagged; git tag mine; git checkout -qb other; git commit -q --allow-empty -m Other; git notes add -m Note',
    async check({ world }) {
      const refs = await gitIn(world, repositoryOf(world), 'for-each-ref', '--format=%(refname)');
      for (const ref of ['refs/heads/other', 'refs/tags/mine', 'refs/notes/commits']) expect(refs).toContain(ref);
    },
  },
  {
    name: 'a commit that was pushed to a branch that was deleted on the server',
    make: 'git commit -q --allow-empty -m Pushed; git push -q origin HEAD; git --git-dir "$(git remote get-url origin)" branch -q -D fix/issue-1',
    async check(back) {
      expect(await keptBy(back, 'Pushed')).not.toEqual([]);
      expect(back.stderr).toContain('is kept; to see it, run: kugetsu rescued ');
    },
  },
  {
    name: 'a commit that was pushed, and pushed over',
    make: 'git commit -q --allow-empty -m First; git push -q origin HEAD; git reset -q --hard HEAD~; git commit -q --allow-empty -m Second; git push -qf origin HEAD',
    async check(back) {
      expect(await keptBy(back, 'First')).not.toEqual([]);
      expect(await keptBy(back, 'Second')).not.toEqual([]);
    },
  },
  {
    name: 'a commit that was pushed to another branch and reset, and is on no branch of the server any more',
    make: 'git commit -q --allow-empty -m Elsewhere; git push -q origin HEAD:refs/heads/side; git reset -q --hard HEAD~; git --git-dir "$(git remote get-url origin)" branch -q -D side',
    async check(back) {
      expect(await keptBy(back, 'Elsewhere')).not.toEqual([]);
      expect(back.stderr).toContain('is kept; to see it, run: kugetsu rescued ');
    },
  },
];

function rebase(backend: 'merge' | 'apply'): State {
  return {
    name: `REBASE_HEAD, rebase-${backend} and its autostash: a rebase`,
    make: `${CONFLICT}; echo precious > README.md; git rebase -q --${backend} --autostash side || true; test -d "$(git rev-parse --git-path rebase-${backend})"`,
    check: async (back) => expectRebase(back, backend),
  };
}

async function expectRebase(back: Back, backend: string): Promise<void> {
  expect(text(back.part(`-rebase-${backend}-autostash`), 'README.md')).toBe('precious');
  await hasSubject(back, '-branch', 'Ours');
  expect(existsSync(join(back.part('-git'), `git/rebase-${backend}`))).toBe(true);
}

/** Operations under way, and the refs and pseudo-refs of a worktree's own. */
const OPERATIONS: readonly State[] = [
  {
    name: 'MERGE_HEAD, MERGE_MSG and MERGE_AUTOSTASH: a merge',
    make: `${CONFLICT}; echo precious > README.md; git merge -q --autostash side || true; test -f "$(git rev-parse --git-path MERGE_AUTOSTASH)"`,
    check({ part }) {
      expect(text(part('-merge-autostash'), 'README.md')).toBe('precious');
      expect(text(part('-git'), 'git/MERGE_MSG')).toContain('side');
      expect(text(part('-git'), 'git/MERGE_HEAD')).toMatch(/^[0-9a-f]{40}$/);
    },
  },
  rebase('merge'),
  rebase('apply'),
  {
    name: 'CHERRY_PICK_HEAD and sequencer: cherry-picks of which only they know',
    make: `${CONFLICT}; git checkout -q side; git commit -q --allow-empty -m Next; git checkout -q fix/issue-1; git cherry-pick --allow-empty fix/issue-1..side || true; git branch -qD side; test -d "$(git rev-parse --git-path sequencer)"`,
    async check(back) {
      await hasSubject(back, '-git', 'Side');
      await hasSubject(back, '-git', 'Next');
      expect(text(back.part('-git'), 'git/sequencer/todo')).toContain('pick');
    },
  },
  {
    name: 'REVERT_HEAD: a revert',
    make: `${CONFLICT}; echo then > greeting.txt; git commit -qam Then; git revert --no-edit HEAD~ || true`,
    check: ({ part }) => expect(text(part('-git'), 'git/REVERT_HEAD')).toMatch(/^[0-9a-f]{40}$/),
  },
  {
    name: 'BISECT_HEAD, BISECT_LOG, BISECT_START, BISECT_TERMS and refs/bisect/: a bisection',
    make: `${LOST}; for n in 1 2 3 4; do git commit -q --allow-empty -m "$n"; done; git bisect start --no-checkout -q >/dev/null; git bisect bad >/dev/null; git bisect good HEAD~4 >/dev/null; git update-ref refs/bisect/skip-x "$(lost Skipped)"`,
    async check(back) {
      await hasSubject(back, '-git', 'Skipped');
      expect(text(back.part('-git'), 'git/BISECT_LOG')).toContain('git bisect');
      expect(existsSync(join(back.part('-git'), 'git/BISECT_HEAD'))).toBe(true);
    },
  },
  {
    name: 'refs/worktree/ and refs/rewritten/: refs of its own',
    make: `${LOST}; git update-ref refs/worktree/mine "$(lost Mine)"; git update-ref refs/rewritten/onto "$(lost Onto)"`,
    async check(back) {
      await hasSubject(back, '-git', 'Mine');
      await hasSubject(back, '-git', 'Onto');
    },
  },
  {
    name: 'ORIG_HEAD, FETCH_HEAD and a pseudo-ref of somebody else',
    make: `${LOST}; git update-ref ORIG_HEAD "$(lost Orig)"; lost Fetched > "$(git rev-parse --git-path FETCH_HEAD)"; git update-ref MY_HEAD "$(lost Other)"`,
    async check(back) {
      for (const subject of ['Orig', 'Fetched', 'Other']) await hasSubject(back, '-git', subject);
    },
  },
  {
    name: 'AUTO_MERGE: the tree of a merge as git left it',
    make: `${CONFLICT}; git merge -q side || true; tree=$(git cat-file -p "$(git rev-parse HEAD^{tree})" | git mktree); git update-ref AUTO_MERGE "$(echo merged | git hash-object -w --stdin | sed 's/^/100644 blob /;s/$/\\tm.txt/' | git mktree)"`,
    async check(back) {
      const name = text(back.part('-git'), 'git/AUTO_MERGE');
      expect(text(back.part('-git'), `trees/${name}/m.txt`)).toBe('merged');
    },
  },
  {
    name: 'rebase-apply: mails that are being applied',
    make: 'echo theirs > greeting.txt; git commit -qam Theirs; git format-patch -q -1 --stdout > ../mail; git reset -q --hard HEAD~; echo ours > greeting.txt; git commit -qam Ours; git am ../mail >/dev/null 2>&1 || true; rm ../mail; test -f "$(git rev-parse --git-path rebase-apply/patch)"',
    check: ({ part }) =>
      expect(readFileSync(join(part('-git'), 'git/rebase-apply', 'patch'), 'utf8')).toContain('+theirs'),
  },
  {
    name: 'NOTES_MERGE_REF, NOTES_MERGE_PARTIAL and NOTES_MERGE_WORKTREE: a merge of notes',
    make: 'git notes add -m ours; git notes --ref other add -m theirs; git notes merge -q other || true; test -d "$(git rev-parse --git-path NOTES_MERGE_WORKTREE)"',
    check({ part }) {
      expect(existsSync(join(part('-git'), 'git/NOTES_MERGE_WORKTREE'))).toBe(true);
      expect(text(part('-git'), 'git/NOTES_MERGE_PARTIAL')).toMatch(/^[0-9a-f]{40}$/);
    },
  },
  {
    name: 'SQUASH_MSG: a message that was not used yet',
    make: `${CONFLICT}; git checkout -qf side; git merge -q --squash -X ours fix/issue-1`,
    check: ({ part }) => expect(text(part('-git'), 'git/SQUASH_MSG')).toContain('Ours'),
  },
];

/** Every state that git can hold, in the order of docs/reliability.md. */
export const STATES: readonly State[] = [...FILES, ...OPERATIONS, ...STATES_INSIDE];
