import { git, tryGit, type Environment } from './git-command.ts';
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
  const text = await git(['for-each-ref', `--format=${format}`, `refs/heads/${pattern}`], { cwd: repository, env });
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

/** Deletes a branch if its tip is still `tip`. Call it under the repository's lock. @returns whether it was deleted */
export async function deleteBranchAt(repository: string, { name, tip }: Branch, env: Environment): Promise<boolean> {
  const result = await tryGit(['update-ref', '-d', `refs/heads/${name}`, tip], { cwd: repository, env });
  return result.exitCode === 0;
}
