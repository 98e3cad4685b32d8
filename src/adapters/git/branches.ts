import { realpath } from 'node:fs/promises';
import { type Environment, git, tryGit } from './git-command.ts';
import { atGitDirectory, atTop, type GitPlace } from './git-place.ts';
import { lookingAt } from './isolation.ts';
import { objectName } from './object-name.ts';
import { commitOf } from './temporary-index.ts';
import { detachEntry, entriesOn, type WorktreeEntry } from './worktree-entries.ts';

/** A local branch of a bare repository. */
export interface Branch {
  readonly name: string;
  readonly tip: string;
  /** The worktree in which it is checked out, gone or not; undefined when there is none. */
  readonly worktree: string | undefined;
}

/**
 * The local branches that one of these patterns of git-for-each-ref(1) matches.
 *
 * @throws AppError `git_failed`
 */
export async function listBranches(
  repository: string,
  patterns: readonly string[],
  env: Environment,
): Promise<Branch[]> {
  const format = '%(refname)%00%(objectname)%00%(worktreepath)';
  const text = await lookingAt(repository, env, async (at) =>
    git(['for-each-ref', `--format=${format}`, ...patterns.map((pattern) => `refs/heads/${pattern}`)], at),
  );
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\0'))
    .map(([ref = '', tip = '', worktree = '']) => ({
      name: ref.replace(/^refs\/heads\//, ''),
      tip: objectName(tip),
      worktree: worktree === '' ? undefined : worktree,
    }));
}

/**
 * Deletes those of these branches whose tip is still what it was; one transaction when that is all of them. Call it under the
 * repository's lock. @returns those that were deleted
 */
export async function deleteBranchesAt(
  repository: string,
  branches: readonly Branch[],
  env: Environment,
): Promise<ReadonlySet<Branch>> {
  if (branches.length === 0) return new Set();
  if (await deleteAll(repository, branches, env)) return new Set(branches);
  const deleted = new Set<Branch>();
  for (const branch of branches) if (await deleteAll(repository, [branch], env)) deleted.add(branch);
  return deleted;
}

async function deleteAll(repository: string, branches: readonly Branch[], env: Environment): Promise<boolean> {
  const input = branches.map(({ name, tip }) => `delete refs/heads/${name} ${tip}\n`).join('');
  return (await tryGit(['update-ref', '--stdin'], { ...atGitDirectory(repository, env), input })).exitCode === 0;
}

interface BranchStart {
  readonly branch: string;
  /** The commit or ref from which it starts. */
  readonly start: string;
}

/**
 * Puts a branch, new or not, at a commit. Call it under the repository's lock. @returns the commit
 *
 * @throws AppError `git_failed`
 */
export async function moveBranch(
  repository: string,
  { branch, start }: BranchStart,
  env: Environment,
): Promise<string> {
  const at = atGitDirectory(repository, env);
  const commit = await startCommit(start, at);
  // As a name for another branch it would move that one.
  await git(['update-ref', '--no-deref', `refs/heads/${branch}`, commit], at);
  return commit;
}

/** The full name of a commit means itself; git refuses to put a branch at anything else. */
async function startCommit(start: string, at: GitPlace): Promise<string> {
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(start)) return start;
  return objectName(await git(['rev-parse', '--verify', `${start}^{commit}`], at));
}

/**
 * Makes sure that {@link moveBranch} will succeed, and changes nothing. Call it under the repository's lock. @returns the
 * commit at which the branch will be
 *
 * @throws AppError `git_failed`
 */
export async function requireBranch(
  repository: string,
  { branch, start }: BranchStart,
  env: Environment,
): Promise<string> {
  const at = atGitDirectory(repository, env);
  const commit = await startCommit(start, at);
  const input = `start\noption no-deref\nupdate refs/heads/${branch} ${commit}\nprepare\nabort\n`;
  await git(['update-ref', '--stdin'], { ...at, input });
  return commit;
}

/**
 * Takes other worktrees off a branch: they stay at its commit, on no branch. Call it under the repository's lock.
 *
 * @param own the worktree that may be on it; `start` is where they stay when the branch has no commit. @returns those that were taken off
 */
export async function freeBranch(
  repository: string,
  { branch, own, start }: { readonly branch: string; readonly own: string; readonly start?: string },
  env: Environment,
): Promise<readonly WorktreeEntry[]> {
  const others = (await entriesOn(repository, branch)).filter(({ path }) => path !== own);
  if (others.length === 0) return [];
  const at = atGitDirectory(repository, env);
  const tip =
    (await commitOf(`refs/heads/${branch}`, at)) ?? (start === undefined ? undefined : await commitOf(start, at));
  if (tip === undefined) return [];
  for (const other of others) await detachEntry(other, tip);
  return others;
}

/** Deletes a local branch; a missing one is fine. Call it under the repository's lock. @throws AppError `git_failed` */
export async function deleteBranch(repository: string, branch: string, env: Environment): Promise<void> {
  await git(['update-ref', '--no-deref', '-d', `refs/heads/${branch}`], atGitDirectory(repository, env));
}

/** What git says of a directory that should be a worktree. */
interface WorktreeFacts {
  /** The repository that it belongs to, without links. */
  readonly repository: string;
  /** Undefined when no branch is checked out. */
  readonly branch: string | undefined;
}

/** The facts about the worktree whose top is `path`; undefined when that is not the top of a worktree that git can use. */
export async function worktreeFacts(path: string, env: Environment): Promise<WorktreeFacts | undefined> {
  const options = atTop(path, env);
  const args = ['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-common-dir'];
  const found = await tryGit(args, options).catch(() => undefined);
  const [top, common] = found?.stdout.trimEnd().split('\n') ?? [];
  if (found?.exitCode !== 0 || top === undefined || common === undefined) return undefined;
  if ((await realOrSame(top)) !== (await realOrSame(path))) return undefined;
  const branch = await tryGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], options);
  return {
    repository: await realOrSame(common),
    branch: branch.exitCode === 0 ? branch.stdout.trim() : undefined,
  };
}

/** Whether a repository has a local branch of this name. */
export async function hasBranch(repository: string, branch: string, env: Environment): Promise<boolean> {
  const args = ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`];
  const found = lookingAt(repository, env, async (at) => tryGit(args, at));
  return (await found.catch(() => undefined))?.exitCode === 0;
}

/** The newest commit that `HEAD` of a worktree shares with `start`; null when there is none. */
export async function branchPoint(path: string, start: string, env: Environment): Promise<string | null> {
  const base = await tryGit(['merge-base', 'HEAD', start], atTop(path, env));
  return base.exitCode === 0 ? base.stdout.trim() : null;
}

async function realOrSame(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
