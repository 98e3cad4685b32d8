import { join } from 'node:path';
import { git } from '../../adapters/git/git-command.ts';
import { addWorktree, deleteBranch, pathExists, realPath, removeWorktree } from '../../adapters/git/worktree.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { branchOf, type IssueRef } from '../issues/issue-ref.ts';
import { withRepository, withUpdatedRepository } from './repository.ts';
import { saveWork, type OnSaved, type WorktreePlace } from './save-work.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

/** A worktree that was made for an issue. */
interface IssueWorktree {
  /** The absolute path without links. */
  readonly path: string;
  readonly repository: string;
  readonly branch: string;
  readonly startCommit: string;
  readonly how: 'cloned' | 'fetched';
}

interface WorktreeRequest {
  readonly ref: IssueRef;
  /** The directory's name under `worktrees/`. */
  readonly name: string;
  /** The repository that an earlier worktree of this name belongs to, if there was one. */
  readonly previousRepository: string | null;
  readonly onSaved: OnSaved;
  /** Called before anything is made or removed, so that a crash leaves nothing that nobody knows of. */
  readonly onPlace: (place: { readonly path: string; readonly repository: string }) => Promise<void>;
}

/**
 * Makes a clean worktree for an issue on its branch, from the newest default branch of origin. An earlier worktree is
 * saved first, then removed.
 */
export async function makeIssueWorktree(context: Needs, request: WorktreeRequest): Promise<IssueWorktree> {
  const { home, env } = context;
  const { ref, name } = request;
  const branch = branchOf(ref);
  await makePrivateDirectory(home.worktrees);
  const path = join(await realPath(home.worktrees), name);
  return withUpdatedRepository(context, ref, async ({ path: repository, start, how }) => {
    const previous = request.previousRepository ?? repository;
    await saveAndRemove(context, { repository: previous, path, name, branch }, request.onSaved);
    await request.onPlace({ path, repository });
    await addWorktree({ repository, path, env }, { branch, start });
    const startCommit = (await git(['rev-parse', 'HEAD'], { cwd: path, env })).trim();
    return { path, repository, branch, startCommit, how };
  });
}

/** Removes an issue's worktree and branch after saving what only they have. */
export async function removeIssueWorktree(
  context: Needs,
  place: WorktreePlace & { readonly branch: string },
  onSaved: OnSaved,
): Promise<void> {
  await withRepository(place.repository, async () => {
    await saveAndRemove(context, place, onSaved);
    if (await pathExists(place.repository)) await deleteBranch(place.repository, place.branch, context.env);
  });
}

async function saveAndRemove(context: Needs, place: WorktreePlace, onSaved: OnSaved): Promise<void> {
  const { repository, path } = place;
  await saveWork(context, place, onSaved);
  await removeWorktree({ repository, path, env: context.env });
}
