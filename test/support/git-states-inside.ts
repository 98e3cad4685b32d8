import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hasSubject, keptBy, text, type Back, type State } from './states-of-git.ts';
import { gitIn, run } from './world.ts';

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
    name: 'a linked worktree inside that was moved by hand',
    make: `at=sub/wt; ${LINKED}; cd ..; mv wt moved`,
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
    name: 'a pipe with the name of a file that git reads',
    make: 'git checkout -q --detach; git commit -q --allow-empty -m Detached; echo staged > s; git add s; rm s; echo new > new.txt; mkdir d; mkfifo d/.gitignore',
    async check(back) {
      const [place = ''] = back.moved;
      expect(text(place, 'new.txt')).toBe('new');
      expect(back.stderr).toContain('git cannot read "d/.gitignore"');
      await hasSubject(back, '-entry', 'Detached');
      expect(text(back.part('-entry'), 's')).toBe('staged');
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
    name: 'a worktree that its owner has closed',
    ordinary: true,
    make: 'echo new > new.txt; chmod 000 .git; chmod 000 .',
    check: ({ part }) => expect(text(part(''), 'new.txt')).toBe('new'),
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
  {
    name: 'a filter that fails on the attributes, too, and on files of any name',
    make: String.raw`git config --global filter.bad.clean false; git config --global filter.bad.smudge false; git config --global filter.bad.required true; mkdir d; echo "* filter=bad" > d/.gitattributes; for n in 'a\nb' '"q' 'r\r'; do echo precious > "d/$(printf "$n.")"; done`,
    async check({ world, part }) {
      const found = await run(['grep', '-rlZx', 'precious', 'd'], { cwd: part('-bytes'), env: world.env });
      expect(found.stdout.split('\0').toSorted()).toEqual(['', 'd/"q.', 'd/a\nb.', 'd/r\r.']);
    },
  },
  {
    name: 'line ends, an encoding and an `$Id$` that git would change',
    make: String.raw`printf '*.txt text\n*.id ident\n*.u16 working-tree-encoding=UTF-16\n' > .gitattributes; printf 'a\r\nb\n' > mixed.txt; printf '$Id: mine $\n' > x.id; printf odd > x.u16; printf 'plain\n' > plain.txt`,
    check({ part }) {
      const bytes = (name: string): string => readFileSync(join(part('-bytes'), name), 'latin1');
      expect(bytes('mixed.txt')).toBe('a\r\nb\n');
      expect(bytes('x.id')).toBe('$Id: mine $\n');
      expect(bytes('x.u16')).toBe('odd');
      expect(existsSync(join(part('-bytes'), 'plain.txt'))).toBe(false);
      expect(text(part(''), 'plain.txt')).toBe('plain');
    },
  },
];

/** What lies inside a worktree, and what filters make of its files, in the order of docs/reliability.md. */
export const STATES_INSIDE: readonly State[] = [...INSIDE, ...FILTERS];
