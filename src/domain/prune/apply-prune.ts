import { AppError, errnoOf, wordsOf } from '../../util/errors.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import { tellAllSaved, tellSaved } from '../notifications/tell.ts';
import type { OwnSession } from '../sessions/own-sessions.ts';
import { batchesOf, type Batch, type SingleTarget, type PruneItem, type PruneResult } from './prune-item.ts';
import type { WhyNot } from './read-state.ts';
import { removeBranches, removeKeptWorktree, removeOrphanedWorktree } from './remove-worktree.ts';
import {
  removeDeadServer,
  removeHalfClone,
  removeRunDirectories,
  removeTemporaryFile,
  removeDoneIssue,
  removeOpencodeSession,
  removeSessionFiles,
  storedOnce,
} from './remove-leftovers.ts';
import type { OnSaved, Way } from '../worktrees/save-work.ts';

/** Who hears of what happens, as it happens. */
interface PruneObserver {
  /** A command that brings back work that was saved. */
  readonly onSaved: (way: string, about: Way) => void;
  readonly onResult: (result: PruneResult) => void;
}

/**
 * Deletes these items and nothing else. Each one is checked again right before its deletion, with those of its kind; what
 * has changed, or belongs to somebody now, stays. One that fails does not hold up the others.
 */
export async function applyPrune(
  context: Context,
  items: readonly PruneItem[],
  { onSaved, onResult }: PruneObserver,
): Promise<PruneResult[]> {
  const stored = storedOnce(context);
  const { text: clean } = await redactorOf(context);
  const results: PruneResult[] = [];
  for (const batch of batchesOf(items)) {
    const outcomes = await removeBatch(context, batch, { onSaved, stored });
    for (const [index, item] of batch.items.entries()) {
      const result = resultOf(item, outcomes[index], clean);
      onResult(result);
      results.push(result);
    }
  }
  return results;
}

function resultOf(
  item: PruneItem,
  outcome: PromiseSettledResult<WhyNot> | undefined,
  clean: (text: string) => string,
): PruneResult {
  if (outcome?.status === 'rejected') return { item, outcome: 'failed', why: told(wordsOf(outcome.reason), clean) };
  return outcome?.value === undefined ? { item, outcome: 'removed' } : { item, outcome: 'skipped', why: outcome.value };
}

type Outcomes = readonly PromiseSettledResult<WhyNot>[];

interface Means {
  readonly onSaved: PruneObserver['onSaved'];
  readonly stored: () => Promise<readonly OwnSession[]>;
}

async function removeBatch(context: Context, batch: Batch, means: Means): Promise<Outcomes> {
  const body = async (): Promise<Outcomes> => removeTogether(context, batch, means);
  const outcomes = await body().catch((reason: unknown): Outcomes =>
    batch.items.map(() => ({ status: 'rejected', reason })),
  );
  for (const outcome of outcomes)
    if (outcome.status === 'rejected' && !isForeseen(outcome.reason)) throw outcome.reason;
  if (batch.items.length === 1 || outcomes.some(({ status }) => status === 'fulfilled')) return outcomes;
  // One of them may block all of them; what was saved is not saved again.
  const alone: PromiseSettledResult<WhyNot>[] = [];
  for (const single of batch.items.flatMap((item) => batchesOf([item]))) {
    alone.push(...(await removeBatch(context, single, means)));
  }
  return alone;
}

function isForeseen(error: unknown): boolean {
  return error instanceof AppError || errnoOf(error) !== undefined;
}

async function removeTogether(context: Context, batch: Batch, means: Means): Promise<Outcomes> {
  switch (batch.kind) {
    case 'branch': {
      const branches = batch.items.map(({ target }) => target.branch);
      const whys = await removeBranches(context, { ...batch, branches }, async (ways) => {
        for (const way of ways) means.onSaved(way, { kept: 'saved', note: undefined });
        await tellAllSaved(context, null, ways);
      });
      return whys.map((value) => ({ status: 'fulfilled', value }));
    }
    case 'session_file':
      return removeSessionFiles(
        context,
        batch.items.map(({ target }) => target),
      );
    case 'run_directory':
      return removeRunDirectories(
        context,
        batch.items.map(({ target }) => target),
      );
    case 'single':
      return Promise.allSettled([removeOne(context, batch.items[0].target, means)]);
  }
}

async function removeOne(context: Context, target: SingleTarget, { onSaved, stored }: Means): Promise<WhyNot> {
  const saved: OnSaved = async (way, about) => {
    onSaved(way, about);
    await tellSaved(context, null, way);
  };
  switch (target.kind) {
    case 'temporary_file':
      return removeTemporaryFile(target);
    case 'shared_server':
      return removeDeadServer(context, target);
    case 'half_clone':
      return removeHalfClone(target);
    case 'worktree_entry':
      return removeKeptWorktree(context, target, saved);
    case 'worktree':
      return removeOrphanedWorktree(context, target, saved);
    case 'issue':
      // destroy notifies by itself, of whose work it was.
      return removeDoneIssue(context, target, async (way, about) => onSaved(way, about));
    case 'opencode_session':
      return removeOpencodeSession(context, target, stored);
  }
}
