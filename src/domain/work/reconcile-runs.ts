import { isOwn } from '../../adapters/process/process-identity.ts';
import { standingOf } from '../../adapters/process/standing.ts';
import { unlessDamaged } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { readIssueSession, readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { standingOfDestroy } from '../sessions/session-busy.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { updateIssueSession } from '../sessions/session-store.ts';
import { abandonedVerdict } from '../runs/abandoned.ts';
import { placeElsewhere } from '../runs/elsewhere.ts';
import { orphanedRuns } from '../runs/orphans.ts';
import { listRunRecords } from '../runs/run-files.ts';
import { hasEnded, isTakenOver, runOf, verdictOf, type RunRecord } from '../runs/run-record.ts';
import type { Evidence, Run } from '../runs/run-schema.ts';
import { isAbandoned, isGone, isLeftHere, type Reach } from '../runs/run-state.ts';
import { openRuns } from './live-runs.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

// Every look asks whether a run has died, and few find one: what settles it, and what looks at its worktree, is loaded then.

/**
 * Settles every run whose process is gone without a verdict: ends what it left running, looks at the worktree, and writes
 * down what happened. Goes on with the ends that somebody died over. Safe to call from any number of processes at once.
 *
 * @returns the runs that were settled
 */
export async function reconcileRuns(context: Needs, reach: Reach): Promise<RunRecord[]> {
  const sessions = await readSoundIssueSessions(context);
  const settled: RunRecord[] = [];
  for (const record of await openRuns(context, { sessions })) {
    // The damaged record of one run holds up no other.
    const ended = await settleIfLost(context, record, reach).catch(unlessDamaged);
    if (ended !== undefined) settled.push(ended);
  }
  const unattended = (run: RunRecord): boolean => hasEnded(run) && isUnattended(context, run.owner, reach);
  for (const record of (await listRunRecords(context)).filter(unattended)) {
    const { goOnWithEnd } = await import('./settle-run.ts');
    await goOnWithEnd(context, record, unattended).catch(unlessDamaged);
  }
  for (const session of sessions) await freeIfLeft(context, session, reach);
  for (const id of await orphanedRuns(context, reach)) {
    const { cleanUpAfterRun } = await import('./settle-run.ts');
    await cleanUpAfterRun(context, { id });
  }
  return settled;
}

/**
 * Settles a run if nobody answers for it any more. A runner that is only now coming up to take the run over finds it settled
 * and leaves, so such a run is settled first; else nothing of it may live when it is settled.
 *
 * @returns the run with its verdict; undefined when it was not this process that settled it
 */
export async function settleIfLost(context: Needs, record: RunRecord, reach: Reach): Promise<RunRecord | undefined> {
  const mine = (run: RunRecord): boolean => isLost(context, runOf(run), reach);
  if (!mine(record)) return undefined;
  const began = isTakenOver(record) || record.kind === 'destroy';
  const place = placeElsewhere(context.home, record);
  const verdict = abandonedVerdict(record.kind, { began, evidence: await evidenceOf(context, record), place });
  const { cleanUpAfterRun, settleRun } = await import('./settle-run.ts');
  if (began) await cleanUpAfterRun(context, record);
  return settleRun(context, record, { verdict, mine });
}

/** What is said of a task whose run was settled because its process was gone. */
export function whatWasGone(run: RunRecord): string {
  return `its process was gone (${verdictOf(run)?.class ?? 'no verdict'})`;
}

/** Whether a run has to be settled by this process. */
function isLost({ home }: Pick<Context, 'home'>, run: Run, { takeOver }: Reach): boolean {
  return isGone(home, run) || isLeftHere(run) || (takeOver && isAbandoned(home, run));
}

/** Whether nobody sees to what this process was to see to: one of its own is over, or it would not look. */
function isUnattended({ home }: Needs, owner: RunRecord['owner'], { takeOver }: Reach): boolean {
  const standing = standingOf(owner, home.heartbeats);
  return isOwn(owner) || standing === 'gone' || (takeOver && standing === 'silent');
}

/** What the issue's worktree has to show; null for a run that is for no issue. */
export async function evidenceOf(context: Needs, { subject }: RunRecord): Promise<Evidence | null> {
  if (subject.type !== 'issue') return null;
  const session = await readIssueSession(context, subject.ref).catch(() => undefined);
  if (session === undefined) return null;
  const { gatherEvidence } = await import('./evidence.ts');
  return gatherEvidence(context, session);
}

/** The issue stays as far as a destroy that died has left it, free for the next one. */
async function freeIfLeft({ home }: Needs, session: IssueSession, { takeOver }: Reach): Promise<void> {
  const isLeft = (current: IssueSession): boolean => {
    const standing = standingOfDestroy(home, current);
    return standing === 'gone' || (takeOver && standing === 'silent');
  };
  if (!isLeft(session)) return;
  await updateIssueSession({ home }, session.issue_ref, (current) =>
    isLeft(current) ? { ...current, destroying: null } : undefined,
  );
}
