import { join } from 'node:path';
import { endProcessesOfRun } from '../../adapters/process/end-processes.ts';
import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { removeDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../queue/context.ts';
import { loggedVerdict } from '../runs/recent-runs.ts';
import { keepRunRecord, removeRunRecord } from '../runs/run-files.ts';
import { endedWith, hasEnded, type RunRecord } from '../runs/run-record.ts';
import { openRunLog } from '../runs/run-log.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { afterRun } from './after-run.ts';
import { recordedRun } from './recorded-run.ts';

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
