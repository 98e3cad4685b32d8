import { isOwn } from '../../adapters/process/process-identity.ts';
import { standingOf } from '../../adapters/process/standing.ts';
import type { Context } from '../context.ts';
import { abandonedVerdict } from '../runs/abandoned.ts';
import { placeElsewhere } from '../runs/elsewhere.ts';
import { isLost, logEnd, settleAndSweep } from './reconcile-runs.ts';
import type { Reach } from '../runs/run-state.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { isFinished, isWaitingForChildren } from '../queue/advance.ts';
import type { Child, QueueItem } from '../queue/queue-item.ts';
import { readItem } from '../queue/queue-store.ts';
import { madeAt } from '../issues/task-id.ts';
import { outcomeOf, runEnded, settleItem } from './settle-task.ts';

// How long the process that adds a task may take from its parent's file to its own.
const COMING_MS = 60_000;

type Outcome = NonNullable<Child['outcome']>;
type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory'>;

/**
 * Makes a claimed task true to what happened: one whose run has ended is settled by its verdict, one whose process died
 * fails or goes back, one whose claim came to nothing is released, and a PM task whose children are done is too. A live
 * run is left alone. Call it after dead development runs were settled.
 *
 * @returns what was done, in a few words; undefined when nothing was
 */
export async function reconcileItem(context: Needs, item: QueueItem, reach: Reach): Promise<string | undefined> {
  if (item.state !== 'notified') return undefined;
  return item.type === 'issue' ? reconcileIssueTask(context, item, reach) : reconcilePmTask(context, item, reach);
}

async function reconcileIssueTask(context: Needs, item: QueueItem, reach: Reach): Promise<string | undefined> {
  const session = item.issue_ref === null ? undefined : await readIssueSession(context, item.issue_ref);
  const run = session?.run ?? null;
  if (run !== null && run.id === item.run_id) {
    if (run.verdict === null) return undefined;
    await settleItem(context, item.id, await runEnded(context, run.id, run.verdict));
    return `settled: its run had ended (${run.verdict.class})`;
  }
  return releaseIfDead(context, item, reach);
}

async function reconcilePmTask(context: Needs, item: QueueItem, reach: Reach): Promise<string | undefined> {
  const { run } = item;
  if (run === null) return releaseIfDead(context, item, reach);
  if (run.verdict !== null && !isWaitingForChildren(item)) {
    await settleItem(context, item.id, await runEnded(context, run.id, run.verdict));
    return `settled: its run had ended (${run.verdict.class})`;
  }
  if (isLost(context, run, reach)) {
    const verdict = abandonedVerdict(run, null, placeElsewhere(context.home, run));
    const event = await runEnded(context, run.id, verdict);
    const settled = await settleAndSweep(context, run, async () => {
      // It may have ended, or been taken over, since it was read.
      const current = (await readItem(context, item.id))?.run ?? null;
      if (current?.id !== run.id || current.verdict !== null || !isLost(context, current, reach)) return false;
      return (await settleItem(context, item.id, event)) !== undefined;
    });
    if (!settled) return undefined;
    await logEnd(context, run, verdict);
    return `its process was gone (${verdict.class})`;
  }
  return isWaitingForChildren(item) ? reconcileChildren(context, item) : undefined;
}

async function releaseIfDead(context: Needs, item: QueueItem, { takeOver }: Reach): Promise<string | undefined> {
  // A claim of this very process is over, too: it dispatches one task after the other, and is looking at claims now.
  const { claimed_by: claimer } = item;
  if (claimer !== null && !isOwn(claimer)) {
    const standing = standingOf(claimer, context.home.heartbeats);
    if (standing !== 'gone' && !(standing === 'silent' && takeOver)) return undefined;
  }
  await settleItem(context, item.id, { type: 'released', runId: item.run_id, notBefore: null });
  return 'released: its claim was interrupted';
}

async function reconcileChildren(context: Needs, item: QueueItem): Promise<string | undefined> {
  let news: string | undefined;
  for (const child of item.children.filter(({ outcome }) => outcome === null)) {
    const outcome = child.kind === 'run' ? await runOutcome(context, child) : await itemOutcome(context, child);
    if (outcome === undefined) continue;
    await settleItem(context, item.id, { type: 'child_ended', id: child.id, outcome });
    news = `its child ${child.issue_ref ?? child.id} had ended (${outcome})`;
  }
  if (item.children.every(({ outcome }) => outcome !== null)) {
    // The last word came while nobody could act on it.
    await settleItem(context, item.id, { type: 'children_checked' });
  }
  return news;
}

async function runOutcome(context: Needs, { id, issue_ref: ref }: Child): Promise<Outcome | undefined> {
  const run = ref === null ? undefined : ((await readIssueSession(context, ref))?.run ?? undefined);
  // A newer run has taken its place, or the issue was destroyed: it is over, and how it ended is not known any more.
  if (run?.id !== id) return 'lost';
  return run.verdict?.outcome;
}

async function itemOutcome(context: Needs, { id }: Child): Promise<Outcome | undefined> {
  const item = await readItem(context, id);
  // A parent learns of its child before the child is on disk.
  if (item === undefined) return Math.abs(context.clock.now() - madeAt(id)) < COMING_MS ? undefined : 'lost';
  return isFinished(item) ? outcomeOf(item) : undefined;
}
