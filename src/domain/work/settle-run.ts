import { join } from 'node:path';
import { endProcessesOfRun } from '../../adapters/process/end-processes.ts';
import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { removeDirectory } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { said } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { loggedVerdict } from '../runs/recent-runs.ts';
import { keepRunRecord, removeRunRecord } from '../runs/run-files.ts';
import { endedWith, hasEnded, type RunRecord } from '../runs/run-record.ts';
import { openRunLog } from '../runs/run-log.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { recordedRun } from './recorded-run.ts';
import { isUnreachable } from '../queue/outbox.ts';
import { tell } from '../notifications/tell.ts';
import { attemptEnded, settleItem, settleRunTasks } from './settle-task.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

/** Whether a run, as it is at this moment, is for this process to settle. */
export type Mine = (run: RunRecord) => boolean;

/**
 * Gives a run its verdict, if it has none and is `mine` still, and sees to what follows. This process answers for the run from
 * then on, so that nobody else does the same meanwhile.
 *
 * @returns the run with its verdict; undefined when it was not this process that settled it
 */
export async function settleRun(
  context: Needs,
  { id, subject }: Pick<RunRecord, 'id' | 'subject'>,
  { verdict, mine }: { readonly verdict: Verdict; readonly mine: Mine },
): Promise<RunRecord | undefined> {
  const ended = await recordedRun(context, id, subject).change((run) => {
    const after = mine(run) ? endedWith(run, verdict, context.clock.now()) : undefined;
    return after === undefined ? undefined : { ...after, owner: { ...ownIdentity() } };
  });
  if (ended !== undefined) await seeToEnd(context, ended, verdict);
  return ended;
}

/** Goes on with what follows from the end of a run, when whoever gave the verdict died over it. */
export async function goOnWithEnd(context: Needs, { id, subject }: RunRecord, mine: Mine): Promise<void> {
  const ended = await recordedRun(context, id, subject).change((run) =>
    hasEnded(run) && mine(run) ? { ...run, owner: { ...ownIdentity() } } : undefined,
  );
  if (ended !== undefined && hasEnded(ended)) await seeToEnd(context, ended, ended.status.verdict);
}

/**
 * Ends every process of a run, and removes its temporary files. What somebody who died on the way has left is found by the
 * run's record, which goes last.
 */
export async function cleanUpAfterRun(context: Needs, run: Pick<RunRecord, 'id'>): Promise<void> {
  await endProcessesOfRun({ runId: run.id, clock: context.clock });
  await removeDirectory(join(await context.tempDirectory(), run.id));
  await removeDirectory(join(context.home.runs, run.id));
}

/** The end is in the log, nothing is left of the run, what waits for it is settled, and its record is laid beside its log. */
async function seeToEnd(context: Needs, record: RunRecord, verdict: Verdict): Promise<void> {
  const { id, subject } = record;
  if (subject.type !== 'none') await logEnd(context, record, verdict);
  await cleanUpAfterRun(context, record);
  if (!(await afterRun(context, record, verdict))) return;
  await (subject.type === 'none' ? removeRunRecord(context, id) : keepRunRecord(context, id));
}

/** Writes the end of a run into its log for the runner that could not. */
async function logEnd(context: Needs, { log: path }: RunRecord, verdict: Verdict): Promise<void> {
  if ((await loggedVerdict(context, path)) !== null) return;
  const log = await openRunLog(context, path);
  try {
    await log.record({ event: 'ended', verdict });
  } finally {
    await log.close();
  }
}

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
