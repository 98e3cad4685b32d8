import { lstat, realpath } from 'node:fs/promises';
import { errnoOf } from '../../util/errors.ts';
import { chmod, rm } from '../store/changes.ts';
import { removeDirectory } from '../store/private-files.ts';
import { git, tryGit, type Environment } from './git-command.ts';

interface WorktreeOptions {
  readonly repository: string;
  readonly path: string;
  readonly env: Environment;
}

/** Whether something is at `path`, a dangling link included. */
export async function pathExists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

/** The absolute path without links. */
export async function realPath(path: string): Promise<string> {
  return realpath(path);
}

/**
 * Adds a worktree on a branch that starts at `start`; a branch of that name is moved there. The branch tracks nothing.
 * Call it under the repository's lock.
 *
 * @throws AppError `git_failed`
 */
export async function addWorktree(
  { repository, path, env }: WorktreeOptions,
  { branch, start }: { readonly branch: string; readonly start: string },
): Promise<void> {
  await git(['worktree', 'prune'], { cwd: repository, env });
  await git(['worktree', 'add', '--quiet', '--no-track', '-B', branch, path, start], { cwd: repository, env });
  await chmod(path, 0o700);
}

/** Removes a worktree and whatever else is at its path, and forgets it. Call it under the repository's lock. */
export async function removeWorktree({ repository, path, env }: WorktreeOptions): Promise<void> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isSymbolicLink() === true) await rm(path);
  else await removeDirectory(path);
  if (await pathExists(repository)) await git(['worktree', 'prune'], { cwd: repository, env });
}

/** Deletes a local branch; a missing one is fine. Call it under the repository's lock. */
export async function deleteBranch(repository: string, branch: string, env: Environment): Promise<void> {
  await tryGit(['branch', '--quiet', '-D', branch], { cwd: repository, env });
}

/** What git can tell about the work in a worktree. */
export interface WorkState {
  readonly branch: string | undefined;
  readonly head: string;
  /** Commits on HEAD that the commit it started from does not have. */
  readonly commitsAhead: number;
  /** Changed, staged and untracked files, ignored ones left out. */
  readonly uncommittedFiles: number;
  /** Whether the remote is known to have HEAD. */
  readonly pushed: boolean;
}

/** Looks at the work in a worktree; undefined when git cannot tell, a damaged index included. Never throws for its sake. */
export async function workState(
  path: string,
  { start, env }: { readonly start: string; readonly env: Environment },
): Promise<WorkState | undefined> {
  const options = { cwd: path, env };
  const head = await tryGit(['rev-parse', '--verify', '--quiet', 'HEAD'], options).catch(() => undefined);
  if (head?.exitCode !== 0) return undefined;
  const [branch, ahead, status, remotes] = await Promise.all([
    tryGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], options),
    tryGit(['rev-list', '--count', `${start}..HEAD`], options),
    tryGit(['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames'], options),
    tryGit(['for-each-ref', '--count=1', '--contains', 'HEAD', '--format=%(refname)', 'refs/remotes'], options),
  ]);
  if (status.exitCode !== 0 || remotes.exitCode !== 0) return undefined;
  return {
    branch: branch.exitCode === 0 ? branch.stdout.trim() : undefined,
    head: head.stdout.trim(),
    commitsAhead: ahead.exitCode === 0 ? Number(ahead.stdout.trim()) : 0,
    uncommittedFiles: status.stdout.split('\0').filter((entry) => entry !== '').length,
    pushed: remotes.stdout.trim() !== '',
  };
}
