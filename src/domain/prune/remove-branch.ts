import { basename } from 'node:path';
import { deleteBranchAt, listBranches } from '../../adapters/git/branches.ts';
import type { Context } from '../context.ts';
import { BRANCH_PREFIX } from '../issues/issue-ref.ts';
import { SHORT_LOCK_WAIT_MS, withRepository } from '../worktrees/repository.ts';
import { saveBranch, type OnSaved } from '../worktrees/save-work.ts';
import type { TargetOf } from './prune-item.ts';
import { CHANGED, trackedNow, type WhyNot } from './recheck.ts';
import { ownsBranch } from './tracked.ts';

/** Deletes an issue's branch that no tracked issue owns, after saving the commits that only it has. */
export async function removeBranch(
  context: Pick<Context, 'home' | 'env' | 'clock'>,
  { repository, branch }: TargetOf<'branch'>,
  onSaved: OnSaved,
): Promise<WhyNot> {
  const remove = async (): Promise<WhyNot> => {
    // A start takes its branch under this lock, too, so what holds now holds until the end.
    if (ownsBranch(await trackedNow(context), repository, branch.name)) return 'an issue uses it by now';
    const [now] = await listBranches(repository, branch.name, context.env);
    if (now?.tip !== branch.tip) return CHANGED;
    if (now.worktree !== undefined) return `it is checked out in ${now.worktree}`;
    const name = `${basename(repository, '.git')}-${branch.name.slice(BRANCH_PREFIX.length)}`;
    await saveBranch(context, { repository, name, branch }, onSaved);
    return (await deleteBranchAt(repository, branch, context.env)) ? undefined : CHANGED;
  };
  return withRepository(repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}
