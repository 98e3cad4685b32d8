import { git, tryGit, type Environment } from './git-command.ts';
import { atGitDirectory } from './git-place.ts';
import { objectName } from './object-name.ts';

/** A local branch of a bare repository. */
export interface Branch {
  readonly name: string;
  readonly tip: string;
  /** The worktree in which it is checked out, gone or not; undefined when there is none. */
  readonly worktree: string | undefined;
}

/**
 * The local branches that a pattern of git-for-each-ref(1) matches.
 *
 * @throws AppError `git_failed`
 */
export async function listBranches(repository: string, pattern: string, env: Environment): Promise<Branch[]> {
  const format = '%(refname)%00%(objectname)%00%(worktreepath)';
  const text = await git(
    ['for-each-ref', `--format=${format}`, `refs/heads/${pattern}`],
    atGitDirectory(repository, env),
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
