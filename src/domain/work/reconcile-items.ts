import { isOwn } from '../../adapters/process/process-identity.ts';
import { standingOf } from '../../adapters/process/standing.ts';
import type { Context } from '../queue/context.ts';
import { verdictOf, type RunRecord } from '../runs/run-record.ts';
import type { Verdict } from '../runs/run-schema.ts';
import type { Reach } from '../runs/run-state.ts';
import { settleIfLost, whatWasGone } from './reconcile-runs.ts';
import { recordedRun } from './recorded-run.ts';
import { isFinished, isWaitingForChildren } from '../queue/advance.ts';
import type { Child, QueueItem } from '../queue/queue-item.ts';
import { madeAt } from '../issues/task-id.ts';
import { otherHost } from './other-host.ts';
import { attemptEnded, childEnded, childRunEnded, settleItem, type ChildEnded } from './settle-task.ts';

// How long the process that adds a task may take from its parent's file to its own.
const COMING_MS = 60_000;

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

/**
 * Makes a claimed task true to what happened: one whose run has ended is settled by its verdict, one whose process died
 * fails or goes back, one whose claim came to nothing is released, and a PM task whose children are done is too. A live
 * run is left alone. Call it after dead development runs were settled.
 *
 * @returns what was done, in a few words; undefined when nothing was
 */
export async function reconcileItem(context: Needs, item: QueueItem, reach: Reach): Promise<string | undefined> {
  // The processes and files of another host are not here, and look dead: it is for that host, and for the store to say that it is gone.
  if (item.state !== 'notified' || (await otherHost(context, item)) !== undefined) return undefined;
  return item.type === 'issue' ? reconcileIssueTask(context, item, reach) : reconcilePmTask(context, item, reach);
}

async function reconcileIssueTask(context: Needs, item: QueueItem, reach: Reach): Promise<string | undefined> {
  const run = await runOfItem(context, item);
  if (run === undefined) return releaseIfDead(context, item, reach);
  const verdict = verdictOf(run);
  return verdict === undefined ? undefined : settleBy(context, item, { run, verdict });
}

async function reconcilePmTask(context: Needs, item: QueueItem, reach: Reach): Promise<string | undefined> {
  if (isWaitingForChildren(item)) return reconcileChildren(context, item);
  const run = await runOfItem(context, item);
  if (run === undefined) return releaseIfDead(context, item, reach);
  const verdict = verdictOf(run);
  if (verdict !== undefined) return settleBy(context, item, { run, verdict });
  const settled = await settleIfLost(context, run, reach);
  return settled === undefined ? undefined : whatWasGone(settled);
}

async function settleBy(
  context: Needs,
  item: QueueItem,
  { run, verdict }: { readonly run: RunRecord; readonly verdict: Verdict },
): Promise<string> {
  await settleItem(context, item.id, await attemptEnded(context, { task: item.id, run: run.id }, verdict));
  return `settled: its run had ended (${verdict.class})`;
}

/** The run of the attempt that is on. */
async function runOfItem(
  context: Needs,
  { id, run_id: runId, issue_ref: ref }: QueueItem,
): Promise<RunRecord | undefined> {
  if (runId === null) return undefined;
  return recordedRun(context, runId, ref === null ? { type: 'task', id } : { type: 'issue', ref }).read();
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
    const ended = child.kind === 'run' ? await endOfRun(context, child) : await endOfItem(context, child);
    if (ended === undefined) continue;
    const after = await settleItem(context, item.id, ended);
    // What is told may be of before it went into the queue again.
    if (after?.children.some(({ id, outcome }) => id === child.id && outcome === null) === true) continue;
    news = `its child ${child.issue_ref ?? child.id} had ended (${ended.outcome})`;
  }
  if (item.children.every(({ outcome }) => outcome !== null)) {
    // The last word came while nobody could act on it.
    await settleItem(context, item.id, { type: 'children_checked' });
  }
  return news;
}

async function endOfRun(context: Needs, { id, issue_ref: ref, host }: Child): Promise<ChildEnded | undefined> {
  if (host !== undefined && host !== (await context.queue.host())) return undefined;
  const run = ref === null ? undefined : await recordedRun(context, id, { type: 'issue', ref }).read();
  // The issue was destroyed long ago: it is over, and how it ended is not known any more.
  if (run === undefined) return { type: 'child_ended', id, outcome: 'lost' };
  const verdict = verdictOf(run);
  return verdict === undefined ? undefined : childRunEnded(id, verdict);
}

async function endOfItem(context: Needs, { id }: Child): Promise<ChildEnded | undefined> {
  const item = await context.queue.read(id);
  if (item !== undefined) return isFinished(item) ? childEnded(item) : undefined;
  // A parent learns of its child before the child is on disk.
  const isComing = Math.abs(context.clock.now() - madeAt(id)) < COMING_MS;
  return isComing ? undefined : { type: 'child_ended', id, outcome: 'lost' };
}
