import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { git, tryGit, type Environment } from './git-command.ts';
import { atGitDirectory } from './git-place.ts';
import { inWorktree, type GitPlace } from './isolation.ts';
import { lfsFailure } from './lfs-failure.ts';
import { isInside } from '../store/is-inside.ts';
import { exists, isDirectory, moveAside } from './move-aside.ts';
import { moveNestedRepositoriesAside } from './nested-repositories.ts';
import { commitOf, withTemporaryIndex, type Git } from './temporary-index.ts';
import { isEmptyTree } from './object-format.ts';
import { objectName } from './object-name.ts';

interface RescueOptions {
  readonly repository: string;
  readonly worktree: string;
  /** The branch whose commits are to be saved, too. */
  readonly branch: string | undefined;
  /** `refs/kugetsu/rescue/<name>/<time>`: what is saved goes there, and beside it. */
  readonly ref: string;
  /** Where repositories inside the worktree are moved: git cannot save them. */
  readonly asideDirectory: string;
  readonly env: Environment;
}

/** What was saved before a worktree goes: refs in the bare repository, and directories that were moved aside. */
export interface Rescue {
  readonly refs: readonly string[];
  readonly movedAside: readonly string[];
}

/**
 * Saves what only this worktree has: uncommitted and untracked files (not ignored ones) as a commit made through a
 * temporary index, commits of HEAD and of the branch that no remote-tracking branch has, and repositories inside the
 * worktree. The worktree's own index stays as it was. Call it under the repository's lock.
 *
 * @throws AppError `git_failed`, `lfs_*` when something could not be saved; then nothing may be removed
 */
export async function rescueWork(options: RescueOptions): Promise<Rescue> {
  const { repository, branch, ref, env } = options;
  const refs: string[] = [];
  const found = await inWorktree(options, async (place) => {
    // Whoever made it was interrupted before a file was written.
    if (await isUntouched(place)) return { movedAside: [], saved: undefined };
    const nested = await moveNestedRepositoriesAside(options, place);
    if (nested === undefined) return undefined;
    const saved = await saveWorkingTree(options, place, nested.entries).catch((error: unknown) => {
      // Without git-lfs the content of a file cannot be saved, and a pointer would be all that is left of it.
      throw (error instanceof AppError ? lfsFailure(error.details ?? '') : undefined) ?? error;
    });
    return { movedAside: nested.moved, saved };
  });
  const { movedAside, saved } = found ?? { movedAside: await moveWholeAside(options), saved: undefined };
  if (saved !== undefined) {
    await git(['update-ref', ref, saved], atGitDirectory(repository, env));
    refs.push(ref);
  }
  const bare = atGitDirectory(repository, env);
  const saveBranch = branch !== undefined && (await isDirectory(repository));
  const tip = saveBranch ? await commitOf(`refs/heads/${branch}`, bare) : undefined;
  const covered = tip === undefined || (await isReachable(tip, ['refs/remotes', ...refs], bare));
  if (!covered) {
    await git(['update-ref', `${ref}-branch`, tip], bare);
    refs.push(`${ref}-branch`);
  }
  return { refs, movedAside };
}

async function isUntouched({ cwd, metadata }: GitPlace & { readonly metadata: string }): Promise<boolean> {
  const entries = await readdir(cwd);
  return entries.length === 1 && entries[0] === '.git' && !(await exists(join(metadata, 'index')));
}

async function saveWorkingTree(
  { repository, ref, env }: RescueOptions,
  place: GitPlace,
  excluded: readonly string[],
): Promise<string | undefined> {
  const head = await commitOf('HEAD', place);
  return withTemporaryIndex(place, async (git_) => {
    const staged = await saveStaged(ref, place, head);
    if (head !== undefined) await git_(['read-tree', head]);
    const paths = ['.', ...excluded.map((path) => `:(exclude,literal)${path}`)];
    await git_(['-c', 'core.safecrlf=false', 'add', '--all', '--', ...paths]);
    await addForced(place, git_);
    const tree = objectName(await git_(['write-tree']));
    const unchanged = head !== undefined && (await treeOf(head, place)) === tree;
    if (unchanged && staged === undefined) {
      return (await isReachable(head, ['refs/remotes'], atGitDirectory(repository, env))) ? undefined : head;
    }
    const parents = [head, staged].filter((parent) => parent !== undefined);
    return commitTree({ tree, parents, message: `Work saved as ${ref}` }, place);
  });
}

/** What is staged and may be nowhere else, as a commit; undefined when that is what HEAD has, or cannot be read. */
async function saveStaged(ref: string, place: GitPlace, head: string | undefined): Promise<string | undefined> {
  const written = await tryGit(['write-tree'], place);
  if (written.exitCode !== 0) return undefined;
  const tree = objectName(written.stdout);
  if (head !== undefined && (await treeOf(head, place)) === tree) return undefined;
  if (head === undefined && isEmptyTree(tree)) return undefined;
  const parents = head === undefined ? [] : [head];
  return commitTree({ tree, parents, message: `Index saved as ${ref}` }, place);
}

/** Files that are ignored but were staged all the same are somebody's work. */
async function addForced(place: GitPlace, git_: Git): Promise<void> {
  const listed = await tryGit(['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'], place);
  if (listed.exitCode !== 0) return;
  const paths = listed.stdout.split('\0').filter((path) => path !== '');
  const present = await Promise.all(
    paths.map(async (path) => {
      const there =
        (await exists(join(place.cwd, path))) && (await isInside(place.cwd, dirname(join(place.cwd, path))));
      return there ? path : undefined;
    }),
  );
  const forced = present.filter((path) => path !== undefined);
  if (forced.length === 0) return;
  const pathspecs = forced.map((path) => `:(literal)${path}`).join('\0');
  await git_(['add', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'], pathspecs);
}

interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
}

/** Makes a commit in kugetsu's own name. @returns its id */
export async function commitTree({ tree, parents, message }: NewCommit, place: GitPlace): Promise<string> {
  const identity = {
    GIT_AUTHOR_NAME: 'kugetsu',
    GIT_AUTHOR_EMAIL: 'kugetsu@localhost',
    GIT_COMMITTER_NAME: 'kugetsu',
    GIT_COMMITTER_EMAIL: 'kugetsu@localhost',
  };
  const args = ['-c', 'commit.gpgSign=false', 'commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
  return objectName(await git([...args, '-m', message], { ...place, extraEnv: { ...place.extraEnv, ...identity } }));
}

/** What stands in a worktree's place and is none that git can read is kept as it is: moved, whole. @returns where it is now */
export async function moveWholeAside({
  worktree,
  asideDirectory,
  env,
}: Pick<RescueOptions, 'worktree' | 'asideDirectory' | 'env'>): Promise<string[]> {
  const stat = await lstat(worktree).catch(() => undefined);
  // A link is no work: what it points to stays where it is.
  if (stat === undefined || stat.isSymbolicLink()) return [];
  if (stat.isDirectory() && (await readdir(worktree)).length === 0) return [];
  return [await moveAside(worktree, asideDirectory, env)];
}

/** The tree of a commit. */
export async function treeOf(commit: string, place: GitPlace): Promise<string> {
  return objectName(await git(['rev-parse', `${commit}^{tree}`], place));
}

/** Whether a ref that matches one of the patterns has this commit. */
export async function isReachable(commit: string, patterns: readonly string[], place: GitPlace): Promise<boolean> {
  const args = ['for-each-ref', '--count=1', '--contains', commit, '--format=%(refname)', ...patterns];
  return (await git(args, place)).trim() !== '';
}
