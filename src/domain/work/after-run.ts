import { AppError } from '../../util/errors.ts';
import { said } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { isUnreachable } from '../queue/outbox.ts';
import { tell } from '../notifications/tell.ts';
import { hasEnded, type RunRecord } from '../runs/run-record.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { attemptEnded, settleItem, settleRunTasks } from './settle-task.ts';

type Needs = Pick<Context, 'home' | 'clock' | 'env' | 'settings' | 'queue'>;

/**
 * What follows from the end of a run: its task, and the PM task that waits for it, are settled, and a run that belongs to no
 * task is announced by itself. Again is fine, but for that it is announced again.
 *
 * @returns whether that is done; not when a shared queue cannot be reached, and then the run's record has to stay where whoever
 * looks next goes on with its end
 */
export async function afterRun(context: Needs, record: RunRecord, verdict: Verdict): Promise<boolean> {
  try {
    await settleAfter(context, record, verdict);
    return true;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
}

async function settleAfter(context: Needs, record: RunRecord, verdict: Verdict): Promise<void> {
  const { id, kind, subject, task } = record;
  if (subject.type === 'none' || kind === 'destroy') return;
  if (subject.type === 'task') {
    const event = await attemptEnded(context, { task: subject.id, run: id }, verdict);
    const settled = await settleItem(context, subject.id, event);
    await context.queue.wake();
    if (settled === undefined) await announce(context, { ref: null, gone: subject.id }, verdict);
    return;
  }
  await tellHosts(context, subject.ref, record, verdict);
  if (task === null) await announce(context, { ref: subject.ref }, verdict);
  const settled = await settleRunTasks(context, record, verdict);
  if (task !== null && settled === undefined) await announce(context, { ref: subject.ref, gone: task }, verdict);
}

/**
 * Tells the other hosts of a fleet what there is of an issue here. A server that refuses it, as the role may not or the disk is
 * full, holds up no task.
 */
async function tellHosts({ queue }: Needs, ref: string, record: RunRecord, verdict: Verdict): Promise<void> {
  if (!hasEnded(record) || (await queue.host()) === undefined) return;
  const { outcome, class: how, evidence } = verdict;
  try {
    await queue.fleet.tellIssue(ref, { run: record.id, at: record.status.at, outcome, class: how, evidence });
  } catch (error) {
    if (!(error instanceof AppError) || isUnreachable(error)) throw error;
  }
}

/** @param gone the task that the run was an attempt at, which an older back-up of the queue does not have */
async function announce(
  context: Needs,
  { ref, gone }: { readonly ref: string | null; readonly gone?: string },
  verdict: Verdict,
): Promise<void> {
  const succeeded = verdict.outcome === 'succeeded';
  const how = succeeded ? [said(verdict.reply || 'done', Infinity)] : [`${verdict.class}: ${verdict.message}`];
  await tell(context, {
    type: succeeded ? 'task_completed' : 'task_error',
    message: gone === undefined ? how : [`${gone} is not in the queue any more; its run ended: `, ...how],
    issue_ref: ref,
    task: gone ?? null,
  });
}
