import { join } from 'node:path';
import { endProcessesOfRun } from '../../adapters/process/end-processes.ts';
import { removeDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { readSoundIssueSessions, updateIssueSession } from '../sessions/session-store.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { abandonedVerdict } from './abandoned.ts';
import { afterIssueRun } from './after-issue-run.ts';
import { endedRun } from './ended-run.ts';
import { gatherEvidence } from './evidence.ts';
import { openRunLog } from './run-log.ts';
import type { Run } from './run-schema.ts';
import { isAbandoned } from './run-state.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory'>;

/**
 * Settles every run whose runner is gone without a verdict: ends what it left running, looks at the worktree, and writes
 * down what happened. Safe to call from any number of processes at once.
 */
export async function reconcileRuns(context: Needs): Promise<void> {
  for (const session of await readSoundIssueSessions(context)) {
    if (isAbandoned(session.run)) await settleAbandoned(context, session, session.run);
  }
}

/** Ends every process of a run, and removes its temporary files. */
export async function cleanUpAfterRun(context: Needs, run: Pick<Run, 'id'>): Promise<void> {
  await endProcessesOfRun({ runId: run.id, clock: context.clock });
  await removeDirectory(join(context.home.runs, run.id));
  await removeDirectory(join(await context.tempDirectory(), run.id));
}

async function settleAbandoned(context: Needs, session: IssueSession, run: Run): Promise<void> {
  await cleanUpAfterRun(context, run);
  const verdict = abandonedVerdict(run, await gatherEvidence(context, session));
  const settled = await updateIssueSession(context, session.issue_ref, (current) => {
    if (current.run?.id !== run.id || !isAbandoned(current.run)) return undefined;
    return { ...current, state: 'idle', run: endedRun(current.run, verdict, context.clock.now()) };
  });
  if (settled === undefined) return;
  const log = await openRunLog(context, run.log);
  await log.record({ event: 'ended', verdict });
  await log.close();
  if (run.kind !== 'destroy') await afterIssueRun(context, session.issue_ref, run, verdict);
}
