import { basename } from 'node:path';
import { deleteBranchesAt, listBranches, type Branch } from '../../adapters/git/branches.ts';
import type { Context } from '../context.ts';
import { BRANCH_PREFIX } from '../issues/issue-ref.ts';
import { SHORT_LOCK_WAIT_MS, withSoundRepository } from '../worktrees/repository.ts';
import { saveBranches, type OnAllSaved } from '../worktrees/save-work.ts';
import { CHANGED, trackedNow, type WhyNot } from './recheck.ts';
import { ownsBranch } from './tracked.ts';

/**
 * Deletes branches of issues that no tracked issue owns, after saving the commits that only they have. All of them are looked
 * at, saved and deleted together, and one that has changed holds up no other.
 *
 * @returns for each why it was not deleted
 */
export async function removeBranches(
  context: Pick<Context, 'home' | 'env' | 'clock' | 'queue'>,
  { repository, branches }: { readonly repository: string; readonly branches: readonly Branch[] },
  onSaved: OnAllSaved,
): Promise<WhyNot[]> {
  const remove = async (): Promise<WhyNot[]> => {
    // A start takes its branch under this lock, too, so what holds now holds until the end.
    const tracked = await trackedNow(context);
    const now = new Map(
      (await listBranches(repository, `${BRANCH_PREFIX}*`, context.env)).map((each) => [each.name, each]),
    );
    const why = new Map(
      branches.map((branch) => {
        const owned = ownsBranch(tracked, repository, branch.name);
        return [branch, owned ? 'an issue uses it now' : whyNot(branch, now.get(branch.name))] as const;
      }),
    );
    const free = branches.filter((branch) => why.get(branch) === undefined);
    const named = free.map((branch) => ({ branch, name: nameOf(repository, branch) }));
    await saveBranches(context, { repository, branches: named }, onSaved);
    const deleted = await deleteBranchesAt(repository, free, context.env);
    return branches.map((branch) => why.get(branch) ?? (deleted.has(branch) ? undefined : CHANGED));
  };
  return withSoundRepository(context, repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}

function whyNot(planned: Branch, now: Branch | undefined): WhyNot {
  if (now?.tip !== planned.tip) return CHANGED;
  return now.worktree === undefined ? undefined : `it is checked out in ${now.worktree}`;
}

function nameOf(repository: string, { name }: Branch): string {
  return `${basename(repository, '.git')}-${name.slice(BRANCH_PREFIX.length)}`;
}
