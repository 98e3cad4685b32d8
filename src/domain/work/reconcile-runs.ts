import { join } from 'node:path';
import { endProcessesOfRun } from '../../adapters/process/end-processes.ts';
import { removeDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { updateIssueSession } from '../sessions/session-store.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { abandonedVerdict } from '../runs/abandoned.ts';
import { afterIssueRun } from './after-issue-run.ts';
import { gatherEvidence } from './evidence.ts';
import { orphanedRuns } from '../runs/orphans.ts';
import { placeElsewhere } from '../runs/elsewhere.ts';
import { openRunLog } from '../runs/run-log.ts';
import type { Run, Verdict } from '../runs/run-schema.ts';
import { isAbandoned, isGone, isLeftHere, type Reach, endedRun } from '../runs/run-state.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory'>;

/**
 * Settles every run whose runner is gone without a verdict: ends what it left running, looks at the worktree, and writes
 * down what happened. Safe to call from any number of processes at once.
 */
export async function reconcileRuns(context: Needs, reach: Reach): Promise<void> {
  for (const session of await readSoundIssueSessions(context)) {
    if (isLost(context, session.run, reach)) await settleAbandoned(context, session, { run: session.run, reach });
  }
  for (const id of await orphanedRuns(context, reach)) await cleanUpAfterRun(context, { id });
}

/** Whether a run has to be settled by this process. */
export function isLost({ home }: Pick<Context, 'home'>, run: Run | null, { takeOver }: Reach): run is Run {
  return isGone(home, run) || isLeftHere(run) || (takeOver && isAbandoned(home, run));
}

/**
 * Ends every process of a run, and removes its temporary files. Its directory in the home goes last: `prune` finds by it
 * what somebody who died on the way has left.
 */
export async function cleanUpAfterRun(context: Needs, run: Pick<Run, 'id'>): Promise<void> {
  await endProcessesOfRun({ runId: run.id, clock: context.clock });
  await removeDirectory(join(await context.tempDirectory(), run.id));
  await removeDirectory(join(context.home.runs, run.id));
}

async function settleAbandoned(
  context: Needs,
  session: IssueSession,
  { run, reach }: { readonly run: Run; readonly reach: Reach },
): Promise<void> {
  const verdict = abandonedVerdict(run, await gatherEvidence(context, session), placeElsewhere(context.home, run));
  const settle = async (): Promise<boolean> =>
    (await updateIssueSession(context, session.issue_ref, (current) => {
      if (current.run?.id !== run.id || !isLost(context, current.run, reach)) return undefined;
      return { ...current, state: 'idle', run: endedRun(current.run, verdict, context.clock.now()) };
    })) !== undefined;
  if (!(await settleAndSweep(context, run, settle))) return;
  await logEnd(context, run, verdict);
  if (run.kind !== 'destroy') await afterIssueRun(context, session.issue_ref, run, verdict);
}

/**
 * Settles an abandoned run by `settle`, and ends what it left running. A runner that is only now coming up to take the
 * run over finds it settled and leaves, so such a run is settled first; else nothing of it may live when it is settled.
 *
 * @returns what `settle` says: whether it was this process that settled the run
 */
export async function settleAndSweep(context: Needs, run: Run, settle: () => Promise<boolean>): Promise<boolean> {
  if (run.taken_over === true || run.kind === 'destroy') {
    await cleanUpAfterRun(context, run);
    return settle();
  }
  const settled = await settle();
  if (settled) await cleanUpAfterRun(context, run);
  return settled;
}

/** Writes the end of a run into its log for the runner that could not. */
export async function logEnd(context: Needs, { log: path }: Pick<Run, 'log'>, verdict: Verdict): Promise<void> {
  const log = await openRunLog(context, path);
  try {
    await log.record({ event: 'ended', verdict });
  } finally {
    await log.close();
  }
}
