import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { atPlainGitDirectory } from '../../src/adapters/git/git-place.ts';
import { trackOrigin } from '../../src/adapters/git/clone-bare.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kugetsu-clone-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const PERSON = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost'];
const git = (...args: readonly string[]): string =>
  execFileSync('git', [...PERSON, '-C', root, ...args], { encoding: 'utf8' }).trim();

/** A bare clone of an upstream with these branches and a tag, as `git clone` itself leaves it. @returns its path, and their commit */
function bareClone(branches: readonly string[]): { repository: string; commit: string } {
  git('init', '--quiet', '--initial-branch=main', 'upstream');
  git('-C', 'upstream', 'commit', '--quiet', '--allow-empty', '-m', 'First commit');
  for (const branch of branches) git('-C', 'upstream', 'branch', branch);
  git('-C', 'upstream', 'tag', '-a', 'v1', '-m', 'v1');
  git('clone', '--quiet', '--bare', '--no-local', 'upstream', 'clone.git');
  return { repository: join(root, 'clone.git'), commit: git('-C', 'upstream', 'rev-parse', 'main') };
}

const refsOf = (repository: string): string[] =>
  git('--git-dir', repository, 'for-each-ref', '--format=%(refname) %(symref)')
    .split('\n')
    .map((line) => line.trim());

const BRANCHES = ['a', 'feature/x', 'größe', 'refs'];
const EXPECTED = [
  'refs/remotes/origin/HEAD refs/remotes/origin/main',
  ...['a', 'feature/x', 'größe', 'main', 'refs'].map((name) => `refs/remotes/origin/${name}`),
  'refs/tags/v1',
];

test.each(['packed, as git writes them', 'a file each, as another git may'])(
  'the branches of a bare clone become those of origin: %s',
  async (form) => {
    const { repository, commit } = bareClone(BRANCHES);
    if (form.startsWith('a file')) {
      // A ref that is written anew is a file.
      const refs = git('--git-dir', repository, 'for-each-ref', '--format=%(refname)', 'refs/heads').split('\n');
      for (const ref of refs) {
        git('--git-dir', repository, 'update-ref', '-d', ref);
        git('--git-dir', repository, 'update-ref', ref, commit);
      }
    }
    await trackOrigin(repository, 'ref: refs/heads/main\n', atPlainGitDirectory(repository, process.env));
    expect(refsOf(repository).toSorted()).toEqual(EXPECTED.toSorted());
    expect(git('--git-dir', repository, 'rev-parse', 'refs/remotes/origin/größe')).toBe(commit);
    git('--git-dir', repository, 'fsck', '--strict');
  },
);

test('a HEAD that is detached, or names no branch that exists, is none of origin', async () => {
  const { repository, commit } = bareClone([]);
  await trackOrigin(repository, `${commit}\n`, atPlainGitDirectory(repository, process.env));
  expect(refsOf(repository)).toEqual(['refs/remotes/origin/main', 'refs/tags/v1']);
  await trackOrigin(repository, 'ref: refs/heads/gone\n', atPlainGitDirectory(repository, process.env));
  expect(refsOf(repository)).toEqual(['refs/remotes/origin/main', 'refs/tags/v1']);
});
