import { AppError, errnoOf, wordsOf } from '../../util/errors.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { tellSaved } from '../notifications/tell.ts';
import type { OwnSession } from '../sessions/own-sessions.ts';
import type { PruneItem, PruneResult, PruneTarget } from './prune-item.ts';
import type { WhyNot } from './recheck.ts';
import { removeBranch } from './remove-branch.ts';
import { removeHalfClone, removeRunDirectory, removeTemporaryFile } from './remove-leftovers.ts';
import { removeDoneIssue, removeOpencodeSession, removeSessionFile, storedOnce } from './remove-sessions.ts';
import { removeKeptWorktree, removeOrphanedWorktree } from './remove-worktree.ts';

/** Who hears of what happens, as it happens. */
interface PruneObserver {
  /** A command that brings back work that was saved. */
  readonly onSaved: (way: string) => void;
  readonly onResult: (result: PruneResult) => void;
}

/**
 * Deletes these items and nothing else. Each one is looked at again at the moment of its deletion; what has changed, or
 * belongs to somebody by now, stays. One that fails does not hold up the others.
 */
export async function applyPrune(
  context: Context,
  items: readonly PruneItem[],
  { onSaved, onResult }: PruneObserver,
): Promise<PruneResult[]> {
  const stored = storedOnce(context);
  const { text: clean } = await redactorOf(context);
  const results: PruneResult[] = [];
  for (const item of items) {
    const result = await resultOf(item, clean, async () => remove(context, item.target, { onSaved, stored }));
    onResult(result);
    results.push(result);
  }
  return results;
}

async function resultOf(
  item: PruneItem,
  clean: (text: string) => string,
  body: () => Promise<WhyNot>,
): Promise<PruneResult> {
  try {
    const why = await body();
    return why === undefined ? { item, outcome: 'removed' } : { item, outcome: 'skipped', why };
  } catch (error) {
    if (error instanceof AppError || errnoOf(error) !== undefined) {
      return { item, outcome: 'failed', why: told(wordsOf(error), clean) };
    }
    throw error;
  }
}

interface Means {
  readonly onSaved: PruneObserver['onSaved'];
  readonly stored: () => Promise<readonly OwnSession[]>;
}

async function remove(context: Context, target: PruneTarget, { onSaved, stored }: Means): Promise<WhyNot> {
  const saved = async (way: string): Promise<void> => {
    onSaved(way);
    await tellSaved(context, null, way);
  };
  switch (target.kind) {
    case 'temporary_file':
      return removeTemporaryFile(target);
    case 'run_directory':
      return removeRunDirectory(context, target);
    case 'half_clone':
      return removeHalfClone(target);
    case 'worktree_entry':
      return removeKeptWorktree(context, target, saved);
    case 'worktree':
      return removeOrphanedWorktree(context, target, saved);
    case 'issue':
      // destroy notifies by itself, of whose work it was.
      return removeDoneIssue(context, target, async (way) => onSaved(way));
    case 'branch':
      return removeBranch(context, target, saved);
    case 'session_file':
      return removeSessionFile(context, target);
    case 'opencode_session':
      return removeOpencodeSession(context, target, stored);
  }
}
