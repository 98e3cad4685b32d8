import { join } from 'node:path';
import { git, tryGit, type Environment } from './git-command.ts';
import { atGitDirectory } from './git-place.ts';
import { isDirectory, moveAside } from './move-aside.ts';
import { commitTree, isReachable, treeOf, type Rescue } from './rescue.ts';
import { commitOf } from './temporary-index.ts';
import type { WorktreeEntry } from './worktree-entries.ts';
import { objectName } from './object-name.ts';

const RESCUED = 'refs/kugetsu/rescue';

interface LeftoverOptions {
  readonly repository: string;
  /** What is saved gets this name. */
  readonly ref: string;
  readonly env: Environment;
}

/** A commit, and the ref that saves it if that is necessary. */
interface CommitToSave {
  readonly commit: string;
  readonly ref: string;
}

/**
 * Saves those of these commits that no remote-tracking branch and no earlier rescue has, all of them or none. Call it under
 * the repository's lock.
 *
 * @returns those that were saved
 * @throws AppError `git_failed` when they could not be saved
 */
export async function rescueCommits<Saved extends CommitToSave>(
  commits: readonly Saved[],
  { repository, env }: Pick<LeftoverOptions, 'repository' | 'env'>,
): Promise<Saved[]> {
  const names = [...new Set(commits.map(({ commit }) => commit))];
  if (names.length === 0) return [];
  const at = atGitDirectory(repository, env);
  const args = ['rev-list', '--stdin', '--not', '--remotes', `--glob=${RESCUED}`];
  const listed = await git(args, { ...at, input: names.map((name) => `${name}\n`).join('') });
  const onlyHere = new Set(listed.split('\n'));
  const toSave = new Map(commits.filter(({ commit }) => onlyHere.has(commit)).map((each) => [each.commit, each]));
  const input = [...toSave.values()].map(({ commit, ref }) => `create ${ref} ${commit}\n`).join('');
  if (input !== '') await git(['update-ref', '--stdin'], { ...at, input });
  return [...toSave.values()];
}

/** Saves a commit that origin has and no earlier rescue. @throws AppError `git_failed` when it could not be saved */
export async function rescuePushed(commit: string, { repository, ref, env }: LeftoverOptions): Promise<Rescue> {
  if (await isReachable(commit, [RESCUED], atGitDirectory(repository, env))) return { refs: [], movedAside: [] };
  await git(['update-ref', ref, commit], atGitDirectory(repository, env));
  return { refs: [ref], movedAside: [] };
}

/**
 * Saves what a repository still has of a worktree that is gone: commits on no branch, what was staged, and repositories
 * of submodules. Call it under the repository's lock.
 *
 * @throws AppError `git_failed` when something could not be saved; then the entry must stay
 */
export async function rescueEntry(
  { directory }: WorktreeEntry,
  options: LeftoverOptions & { readonly asideDirectory: string },
): Promise<Rescue> {
  const { repository, ref, asideDirectory, env } = options;
  const at = atGitDirectory(directory, env);
  const head = await commitOf('HEAD', at);
  const staged = await tryGit(['write-tree'], at);
  const tree = staged.exitCode === 0 ? objectName(staged.stdout) : undefined;
  const refs: string[] = [];
  if (head !== undefined && tree !== undefined && (await treeOf(head, at)) !== tree) {
    const commit = await commitTree({ tree, parents: [head], message: `Index saved as ${ref}` }, at);
    await git(['update-ref', ref, commit], atGitDirectory(repository, env));
    refs.push(ref);
  } else if (
    head !== undefined &&
    !(await isReachable(head, ['refs/heads', 'refs/remotes', RESCUED], atGitDirectory(repository, env)))
  ) {
    await git(['update-ref', ref, head], atGitDirectory(repository, env));
    refs.push(ref);
  }
  const modules = join(directory, 'modules');
  const movedAside = (await isDirectory(modules))
    ? [await moveAside(modules, join(asideDirectory, '.git-modules'), env)]
    : [];
  return { refs, movedAside };
}
