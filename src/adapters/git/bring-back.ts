import { AppError } from '../../util/errors.ts';
import { git, tryGit, type Environment } from './git-command.ts';
import { atGitDirectory, type GitPlace } from './git-place.ts';
import { headIn } from './head-file.ts';
import { inWorktree } from './isolation.ts';
import { commitOf } from './temporary-index.ts';
import { objectName } from './object-name.ts';
import {
  detachHead,
  isOperationUnderWay,
  restoreOperation,
  savedOperation,
  type SavedOperation,
} from './operations.ts';
import { addWorktreeEntry } from './worktree-entries.ts';

interface Saved {
  readonly repository: string;
  readonly commit: string;
  readonly env: Environment;
  /** What it is of a worktree; undefined when it is no state of one. */
  readonly form: SavedForm | undefined;
  /** The ref that has git's own files of the same worktree, if there is one. */
  readonly state: string;
}

/** An operation that was under way in what was brought back, and whether it is again. */
export interface BroughtOperation extends Pick<SavedOperation, 'name' | 'goOn'> {
  readonly underWay: boolean;
}

/**
 * Checks something that was saved out into a directory that is not there yet, as a worktree without a branch. An operation
 * that was under way there is under way again. Call it under the repository's lock.
 */
export async function checkOutInto(
  { repository, commit, env, form, state }: Saved,
  directory: string,
): Promise<BroughtOperation | undefined> {
  const found = await git(['rev-parse', '--verify', `${commit}^{commit}`], atGitDirectory(repository, env));
  await addWorktreeEntry(repository, directory, { head: objectName(found), isPending: false });
  const filled = await inWorktree({ repository, worktree: directory, env }, async (place) => {
    await git(['read-tree', '--reset', '-u', 'HEAD'], place);
    const operation = form === undefined ? undefined : await savedOperation(state, place);
    if (form === undefined || operation === undefined) return {};
    const { head, staged } = await partsOf(commit, form, place);
    await detachHead(head, place);
    return { operation, index: staged ?? head };
  });
  if (filled === undefined)
    throw new AppError('git_failed', `git worktree add made something unexpected in ${directory}`);
  const { operation, index } = filled;
  if (operation === undefined) return undefined;
  // With the HEAD that the worktree has now.
  await inWorktree({ repository, worktree: directory, env }, async (place) => {
    await git(['read-tree', index], place);
    await restoreOperation(state, operation, place);
  });
  return { name: operation.name, goOn: operation.goOn, underWay: true };
}

/**
 * How a commit has what was saved: as it is; as files on the commit that HEAD was, with what was staged as its second
 * parent, as git-stash(1) has it too; or as that on top of a stash entry, with its untracked files.
 */
export type SavedForm = 'commits' | 'files' | 'stash';

/** Why saved work cannot be put into a worktree without touching what is there. */
export type InTheWay = 'changed' | 'operation' | 'detached' | 'other_commits' | 'no_worktree';

/**
 * Puts a worktree back into the state that was saved: its files, what was staged, and the commits of its branch. Nothing
 * happens unless the worktree is clean and the saved commits go on from those that it has. An operation that was under way on
 * the branch is under way again. Call it under the repository's lock.
 *
 * @returns what is in the way, or what operation was under way
 */
export async function restoreInto(
  { repository, commit, env, form, state }: Saved & { readonly form: SavedForm },
  worktree: string,
): Promise<InTheWay | { readonly operation: BroughtOperation | undefined }> {
  const done = await inWorktree({ repository, worktree, env }, async (place) => {
    const why = await inTheWay(place);
    if (why !== undefined) return why;
    const { head, staged } = await partsOf(commit, form, place);
    const own = await commitOf('HEAD', place);
    if (own === undefined || !(await isAncestor(own, head, place))) return 'other_commits';
    await git(['read-tree', '-m', '-u', 'HEAD', commit], place);
    await git(['update-ref', 'HEAD', head, own], place);
    await git(['read-tree', staged ?? head], place);
    const operation = await savedOperation(state, place);
    if (operation === undefined) return { operation };
    if (operation.onBranch) await restoreOperation(state, operation, place);
    return { operation: { name: operation.name, goOn: operation.goOn, underWay: operation.onBranch } };
  });
  return done ?? 'no_worktree';
}

interface Parts {
  readonly head: string;
  readonly staged: string | undefined;
}

async function partsOf(commit: string, form: SavedForm, place: GitPlace): Promise<Parts> {
  if (form === 'commits') return { head: commit, staged: undefined };
  const [first = commit, second] = await parentsOf(commit, place);
  if (form !== 'stash') return { head: first, staged: second };
  const [head = first, staged] = await parentsOf(first, place);
  return { head, staged };
}

async function parentsOf(commit: string, place: GitPlace): Promise<string[]> {
  return (await git(['rev-list', '--parents', '-1', commit], place)).trim().split(' ').slice(1);
}

async function inTheWay(place: GitPlace & { readonly metadata: string }): Promise<InTheWay | undefined> {
  const status = await git(
    ['status', '--porcelain', '-z', '--untracked-files=all', '--ignore-submodules=dirty'],
    place,
  );
  if (status !== '') return 'changed';
  if (await isOperationUnderWay(place.metadata)) return 'operation';
  return (await headIn(place.metadata))?.startsWith('ref: refs/heads/') === true ? undefined : 'detached';
}

async function isAncestor(older: string, newer: string, place: GitPlace): Promise<boolean> {
  return (await tryGit(['merge-base', '--is-ancestor', older, newer], place)).exitCode === 0;
}
