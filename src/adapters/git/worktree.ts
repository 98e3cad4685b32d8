import { lstat } from 'node:fs/promises';
import { AppError, errnoOf } from '../../util/errors.ts';
import { pasteQuote } from '../../util/text.ts';
import { rm } from '../store/changes.ts';
import { removeDirectory } from '../store/private-files.ts';
import { git, gitFailure, tryGit, TRANSFER_TIMEOUT_MS, type Environment } from './git-command.ts';
import { lfsFailure, lfsNote, usesLfs } from './lfs.ts';
import { inWorktree, soundMetadata } from './isolation.ts';
import { atGitDirectory, type GitPlace } from './git-place.ts';
import { moveBranch } from './branches.ts';
import { takeAway } from './move-aside.ts';
import { addWorktreeEntry, listWorktreeEntries, removeWorktreeEntry } from './worktree-entries.ts';
import { objectName } from './object-name.ts';
import { mayHaveRef } from './plain-refs.ts';
import { changedPaths, leftBySetUp, statusOf } from './set-up-state.ts';

interface WorktreeOptions {
  readonly repository: string;
  readonly path: string;
  readonly env: Environment;
}

/** Where what a worktree's files need besides the repository comes from: git-lfs asks there. */
export interface FilesFrom {
  /** Origin's address. */
  readonly url: string;
  /** Variables with which git finds the credentials for it. */
  readonly credentials: Environment;
}

/** A worktree whose files were written. */
interface FilledWorktree {
  /** The commit it starts from. */
  readonly commit: string;
  /** What a person should know of its files. */
  readonly note: string | undefined;
}

interface NewBranch {
  readonly branch: string;
  /** The commit or ref from which it starts. */
  readonly start: string;
}

/**
 * Adds a worktree on a branch that starts at `start`; a branch of that name is moved there. The branch tracks nothing.
 * What the repository has of worktrees that are gone has to be forgotten before. Its files are written by a git that does not read the repository's configuration: no filter of an agent's runs.
 * Call it under the repository's lock. `onAdded` is called when the worktree belongs to the repository and has no file
 * yet; what it throws fails the whole.
 *
 * @throws AppError `git_failed`, `lfs_*`; then there is no worktree
 */
export async function addWorktree(
  options: WorktreeOptions,
  {
    branch,
    start,
    from,
    isPending,
    onAdded,
  }: NewBranch & { readonly from: FilesFrom; readonly isPending: boolean; readonly onAdded?: () => void },
): Promise<FilledWorktree> {
  const { repository, env } = options;
  const commit = await moveBranch(repository, { branch, start }, env);
  return addAndFill(options, { branch, commit, from, isPending, onAdded });
}

/** Checks a branch that exists out as a worktree, as {@link addWorktree} does. Call it under the repository's lock. */
export async function checkOutBranch(
  options: WorktreeOptions,
  { branch, from }: { readonly branch: string; readonly from: FilesFrom },
): Promise<FilledWorktree> {
  const { repository, env } = options;
  const head = `refs/heads/${branch}^{commit}`;
  const commit = objectName(await git(['rev-parse', '--verify', head], atGitDirectory(repository, env)));
  // Whoever goes on in it sets it up again.
  return addAndFill(options, { branch, commit, from, isPending: true });
}

interface Addition {
  readonly branch: string;
  /** The commit at which the branch is. */
  readonly commit: string;
  readonly from: FilesFrom;
  /** Whether it has to be set up before an agent works in it. */
  readonly isPending: boolean;
  readonly onAdded?: (() => void) | undefined;
}

async function addAndFill(
  options: WorktreeOptions,
  { branch, commit, from, isPending, onAdded }: Addition,
): Promise<FilledWorktree> {
  const { repository, path, env } = options;
  await removeEntriesOf(repository, path);
  try {
    await addWorktreeEntry(repository, path, { head: `refs/heads/${branch}`, isPending });
    onAdded?.();
    const config = [['remote.origin.url', from.url]] as const;
    const place = { repository, worktree: path, env, config };
    const filled = await inWorktree(place, async (inside) => ({ commit, note: await fill(inside, from) }));
    if (filled !== undefined) return filled;
    throw new AppError('git_failed', `git worktree add made something unexpected in ${path}`);
  } catch (error) {
    await removeWorktree(options).catch(() => undefined);
    throw error;
  }
}

/** @returns what a person should know of the files */
async function fill(place: GitPlace, { credentials }: FilesFrom): Promise<string | undefined> {
  const options = { ...place, extraEnv: { ...place.extraEnv, ...credentials } };
  // git-lfs fetches what this writes.
  const long = { ...options, timeoutMs: TRANSFER_TIMEOUT_MS };
  const [read, uses] = await Promise.all([tryGit(['read-tree', '--reset', '-u', 'HEAD'], long), usesLfs(options)]);
  if (read.exitCode !== 0) throw lfsFailure(read.stderr) ?? (await gitFailure(['read-tree'], long, read));
  return lfsNote(options, { output: read.stderr, uses });
}

/**
 * Removes a worktree and whatever else is at its path, and forgets it, even one that was locked: git-worktree(1). It is
 * taken away in one step, so that it is never half there. Call it under the repository's lock.
 *
 * @throws AppError `not_removed` when something of it is left, beside its place, which is free
 */
export async function removeWorktree({
  repository,
  path,
}: Pick<WorktreeOptions, 'repository' | 'path'>): Promise<void> {
  const removeIt = await takeFromPlace(path);
  await removeEntriesOf(repository, path);
  await removeIt();
}

async function removeEntriesOf(repository: string, path: string): Promise<void> {
  const kept = (await listWorktreeEntries(repository)).filter((entry) => entry.path === path);
  for (const entry of kept) await removeWorktreeEntry(entry);
}

/**
 * Removes a directory with all that is in it, or a link and not what it leads to; nothing there is fine.
 *
 * @throws AppError `not_removed` when something of it is left, beside its place, which is free
 */
export async function removeWhatIsAt(path: string): Promise<void> {
  await (
    await takeFromPlace(path)
  )();
}

/** Frees a place in one step. @returns what removes what stood there */
async function takeFromPlace(path: string): Promise<() => Promise<void>> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isSymbolicLink() === true) await rm(path);
  if (stat === undefined || stat.isSymbolicLink()) return async () => undefined;
  const taken = await takeAway(path);
  return async () => removeTaken(taken);
}

/** Removes what was taken out of its place. @throws AppError `not_removed` when something of it is left there */
export async function removeTaken(taken: string): Promise<void> {
  try {
    await removeDirectory(taken);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'EACCES' && errno !== 'EPERM') throw error;
    throw new AppError('not_removed', `some files of the worktree that was removed are not yours to remove: ${taken}`, {
      hint: `run: sudo rm -rf ${pasteQuote(taken)}`,
      cause: error,
    });
  }
}

/** Whether `path` is a worktree of the repository in which git finds what it needs; its index may be damaged. */
export async function isWholeWorktree({
  repository,
  path,
}: Pick<WorktreeOptions, 'repository' | 'path'>): Promise<boolean> {
  return (await soundMetadata({ repository, worktree: path })) !== undefined;
}

/** What git can tell about the work in a worktree. */
export interface WorkState {
  readonly branch: string | undefined;
  readonly head: string;
  /** Commits on HEAD that the commit it started from does not have. */
  readonly commitsAhead: number;
  /** Changed, staged and untracked files, without ignored ones and those that are as the set-up left them. */
  readonly uncommittedFiles: number;
  /** Whether the remote is known to have HEAD. */
  readonly pushed: boolean;
  /** Whether the branch and what the remote is known to have of it each have commits that the other has not. */
  readonly diverged: boolean;
}

/**
 * Looks at the work in a worktree of `repository`, without what is uncommitted inside submodules; undefined when git
 * cannot tell, a damaged index included. Never throws for its sake.
 */
export async function workState(
  path: string,
  { repository, start, env }: { readonly repository: string; readonly start: string; readonly env: Environment },
): Promise<WorkState | undefined> {
  return inWorktree({ repository, worktree: path, env }, async (place) => stateIn(place, start)).catch(() => undefined);
}

async function stateIn(place: GitPlace & { readonly metadata: string }, start: string): Promise<WorkState | undefined> {
  const [status, ahead, remotes] = await Promise.all([
    statusOf(place),
    tryGit(['rev-list', '--count', '--end-of-options', `${start}..HEAD`], place),
    tryGit(['for-each-ref', '--count=1', '--contains', 'HEAD', '--format=%(refname)', 'refs/remotes'], place),
  ]);
  if (status.exitCode !== 0 || remotes.exitCode !== 0) return undefined;
  const fields = status.stdout.split('\0').filter((field) => field !== '');
  const left = await leftBySetUp(place);
  const header = (key: string): string | undefined =>
    fields.find((field) => field.startsWith(`# ${key} `))?.slice(`# ${key} `.length);
  const [head, branch] = [header('branch.oid'), header('branch.head')];
  const commitsAhead = ahead.exitCode === 0 ? Number(ahead.stdout.trim()) : 0;
  if (head === undefined || head === '(initial)' || !Number.isSafeInteger(commitsAhead)) return undefined;
  return {
    branch: branch === '(detached)' ? undefined : branch,
    head: objectName(head),
    commitsAhead,
    uncommittedFiles: changedPaths(fields).filter((changed) => !left.has(changed)).length,
    pushed: remotes.stdout.trim() !== '',
    diverged: branch !== undefined && branch !== '(detached)' && (await hasDiverged(place, branch)),
  };
}

async function hasDiverged(place: GitPlace, branch: string): Promise<boolean> {
  const remote = `refs/remotes/origin/${branch}`;
  // Most runs have pushed nothing, and then there is nothing to diverge from.
  if (!(await mayHaveRef(remote, place))) return false;
  const sides = `HEAD...${remote}`;
  const counted = await tryGit(['rev-list', '--left-right', '--count', '--end-of-options', sides], place);
  return counted.exitCode === 0 && /^[1-9]\d*\s+[1-9]\d*$/.test(counted.stdout.trim());
}
