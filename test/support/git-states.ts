import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { repositoryOf } from './fake-world.ts';
import { keptBy, subjects, text, type Back, type State } from './states-of-git.ts';
import { gitIn, run } from './world.ts';

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

/** One directory that has it. */
async function hasSubject(back: Back, suffix: string, subject: string): Promise<void> {
  expect(await subjects(back, back.part(suffix))).toContain(subject);
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

const LINKED =
  'git worktree add -q --detach "$at"; cd "$at"; git commit -q --allow-empty -m Linked; echo staged > s.txt; git add s.txt; rm s.txt; echo new > n.txt';

async function expectLinked({ world, moved }: Back): Promise<void> {
  const place = moved.find((path) => existsSync(join(path, 'n.txt'))) ?? '';
  expect(text(place, 'n.txt')).toBe('new');
  expect(await gitIn(world, place, 'log', '-1', '--format=%s')).toBe('Linked');
  expect(await gitIn(world, place, 'show', ':s.txt')).toBe('staged');
}

/** What lies in a worktree and is not its own, and what git cannot add. */
const INSIDE: readonly State[] = [
  { name: 'a linked worktree inside the worktree', make: `at=sub/wt; ${LINKED}`, check: expectLinked },
  {
    name: 'a linked worktree inside, in a directory that is ignored',
    make: `echo .worktrees > .gitignore; at=.worktrees/wt; ${LINKED}`,
    check: expectLinked,
  },
  {
    name: 'a linked worktree that is gone',
    make: `at=../../gone; ${LINKED}; cd ..; rm -r gone`,
    async check(back) {
      expect(await keptBy(back, 'Linked')).not.toEqual([]);
    },
  },
  {
    name: 'a repository inside the worktree',
    make: 'git init -q inner; cd inner; echo a > a.txt; git add .; git commit -qm Inner; echo b > b.txt',
    async check({ world, moved: [place = ''] }) {
      expect(text(place, 'b.txt')).toBe('b');
      expect(await gitIn(world, place, 'log', '--format=%s')).toBe('Inner');
    },
  },
  {
    name: 'a repository inside that has linked worktrees there, too',
    make: 'git init -q inner; cd inner; git commit -q --allow-empty -m Inner; git worktree add -q --detach ../beside; git worktree add -q --detach within; cd ../beside; echo s > s.txt; git add s.txt',
    async check({ world, moved }) {
      const [beside = '', inner = ''] = moved.toSorted();
      expect(await gitIn(world, beside, 'show', ':s.txt')).toBe('s');
      expect(await gitIn(world, join(inner, 'within'), 'log', '--format=%s')).toBe('Inner');
      expect(await gitIn(world, inner, 'worktree', 'list')).not.toContain('prunable');
    },
  },
  {
    name: 'a bare repository inside',
    make: 'echo new > new.txt; git init -q --bare store.git; git push -q ./store.git HEAD:refs/heads/here; git --git-dir store.git pack-refs --all',
    async check({ world, moved: [place = ''], part }) {
      expect(await gitIn(world, place, 'log', '--format=%s', 'here')).toBe('First commit');
      expect(text(part(''), 'new.txt')).toBe('new');
    },
  },
  {
    name: 'a repository inside, of any name',
    make: `d=$(printf "a  b\\n\\001\\t\\"c'd\\$e;\\033[1m"); git init -q "$d"; cd "$d"; echo b > b.txt`,
    check: ({ moved: [place = ''] }) => expect(text(place, 'b.txt')).toBe('b'),
  },
  {
    name: 'a repository inside that git cannot use',
    make: 'git init -q inner; cd inner; echo a > a.txt; git add .; git commit -qm Inner; rm .git/HEAD',
    check({ moved: [place = ''], stderr }) {
      expect(existsSync(join(place, 'inner', '.git', 'objects'))).toBe(true);
      expect(stderr).toContain('git cannot save "inner/.git"');
    },
  },
  {
    name: 'pipes and sockets',
    make: `mkdir d; mkfifo d/pipe; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'; echo new > new.txt; echo staged > s; git add s; rm s`,
    async check(back) {
      const [place = ''] = back.moved;
      expect(lstatSync(join(place, 'd', 'pipe')).isFIFO()).toBe(true);
      expect(back.stderr).toContain('git cannot save "d/pipe", "sock"');
      expect(text(back.part(''), 'new.txt')).toBe('new');
      // It is a worktree still.
      expect(await gitIn(back.world, place, 'show', ':s')).toBe('staged');
    },
  },
  {
    name: 'files and directories that cannot be read',
    ordinary: true,
    make: 'echo secret > secret.txt; mkdir closed; echo in > closed/in.txt; echo new > new.txt; echo changed > README.md; chmod 000 secret.txt closed README.md',
    async check(back) {
      const [place = ''] = back.moved;
      expect(back.stderr).toMatch(/git cannot save [^\n]*"closed"/);
      expect(back.stderr).toMatch(/git cannot save [^\n]*"secret.txt"/);
      expect(back.stderr).toMatch(/git cannot save [^\n]*"README.md"/);
      expect(text(back.part(''), 'new.txt')).toBe('new');
      await run(['chmod', '-R', 'u+rwX', place], { cwd: '/', env: back.world.env });
      expect(text(place, 'secret.txt')).toBe('secret');
      expect(text(place, 'closed/in.txt')).toBe('in');
    },
  },
  {
    name: 'names that are no UTF-8',
    make: `d=$(printf 'd\\377'); mkdir "$d"; echo new > "$d/$(printf '\\376')"`,
    async check({ world, part }) {
      const found = await run(['grep', '-rlx', 'new', '.'], { cwd: part(''), env: world.env });
      expect(found.code).toBe(0);
    },
  },
  {
    name: 'a worktree without its .git',
    make: 'git checkout -q --detach; git commit -q --allow-empty -m Detached; echo staged > s.txt; git add s.txt; rm s.txt; echo new > new.txt; rm .git',
    async check(back) {
      expect(text(back.moved[0] ?? '', 'new.txt')).toBe('new');
      await hasSubject(back, '-entry', 'Detached');
      expect(text(back.part('-entry'), 's.txt')).toBe('staged');
    },
  },
  {
    name: 'objects that are missing or damaged',
    make: 'echo a > a.txt; git add a.txt; git commit -qm Broken; echo new > new.txt; t=$(git rev-parse HEAD^{tree}); o="$(git rev-parse --git-common-dir)/objects/$(echo $t | cut -c1-2)/$(echo $t | cut -c3-)"; chmod u+w "$o"; : > "$o"',
    check({ moved: [place = ''] }) {
      expect(text(place, 'new.txt')).toBe('new');
      expect(text(place, 'a.txt')).toBe('a');
    },
  },
];

/** Filters of the user's, which keep the content of files elsewhere. */
const FILTERS: readonly State[] = [
  {
    name: 'a filter that keeps the content in the git directory',
    make: 'git config --global filter.store.clean \'f() { mkdir -p "$GIT_DIR/store"; cat > "$GIT_DIR/store/x"; echo pointer; }; f\'; git config --global filter.store.smudge cat; echo "*.bin filter=store" > .gitattributes; echo precious > large.bin',
    check: ({ part }) => expect(text(part('-bytes'), 'large.bin')).toBe('precious'),
  },
  {
    name: 'a filter that drops what git is not to have',
    make: 'git config --global filter.drop.clean "sed /output/d"; echo "*.nb filter=drop" > .gitattributes; echo input > a.nb; git add .; git commit -qm Notebook; echo output >> a.nb; git add a.nb',
    check: ({ part }) => expect(text(part('-bytes'), 'a.nb')).toBe('input\noutput'),
  },
  {
    name: 'a filter that fails',
    make: 'git config --global filter.bad.clean false; git config --global filter.bad.required true; echo "*.bin filter=bad" > .gitattributes; echo precious > large.bin; echo new > new.txt; rm README.md',
    check({ part }) {
      expect(text(part('-bytes'), 'large.bin')).toBe('precious');
      expect(text(part(''), 'new.txt')).toBe('new');
      expect(existsSync(join(part(''), 'README.md'))).toBe(false);
    },
  },
];

/** Every state that git can hold, in the order of docs/reliability.md. */
export const STATES: readonly State[] = [...FILES, ...OPERATIONS, ...INSIDE, ...FILTERS];
