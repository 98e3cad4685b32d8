import { isAlive } from '../../adapters/process/process-identity.ts';
import { sendSignal } from '../../adapters/process/end-processes.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { afterIssueRun } from './after-issue-run.ts';
import { cleanUpAfterRun, reconcileRuns } from './reconcile-runs.ts';
import { gatherEvidence } from './evidence.ts';
import { requireHere } from '../runs/elsewhere.ts';
import type { Run, Verdict } from '../runs/run-schema.ts';
import { isLive, endedRun } from '../runs/run-state.ts';
import { judge, NOTHING_OBSERVED } from '../runs/verdict.ts';
import { notTracked } from './claim-issue.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { updateIssueSession } from '../sessions/session-store.ts';

// The runner needs up to 3 s to end an agent that ignores TERM, and a moment to settle.
const RUNNER_GRACE_MS = 15_000;
const TAKE_OVER_MS = 15_000;
const POLL_MS = 50;

/**
 * Ends the agent of an issue, with everything that it started, and waits until it is settled. The session and the
 * worktree stay.
 *
 * @throws AppError `not_running` when nothing is at work on the issue
 */
export async function stopIssue(context: Context, issue: IssueRef): Promise<Run> {
  const ref = formatIssueRef(issue);
  await reconcileRuns(context, { takeOver: true });
  const session = await readIssueSession(context, ref);
  if (session === undefined) throw notTracked(ref);
  const { run } = session;
  requireHere(context.home, ref, run);
  if (!isLive(context.home, run)) throw notRunning(ref);
  if (run.kind === 'destroy') {
    throw new AppError('busy', `${ref} is being destroyed`, { hint: 'wait for it to end', exit: EXIT.busy });
  }
  const owner = await waitForRunner(context, ref, run);
  sendSignal(owner.pid, 'SIGTERM');
  const deadline = context.clock.monotonic() + RUNNER_GRACE_MS;
  while (isAlive(owner)) {
    if (context.clock.monotonic() >= deadline) sendSignal(owner.pid, 'SIGKILL');
    await context.clock.sleep(POLL_MS);
  }
  return settleStopped(context, ref, run);
}

function notRunning(ref: string): AppError {
  return new AppError('not_running', `no agent is at work on ${ref}`, { hint: 'run: kugetsu list' });
}

/** Before the runner has taken the run over, its owner is whoever launched it, and that is not to be ended. */
async function waitForRunner(context: Context, ref: string, run: Run): Promise<Run['owner']> {
  const deadline = context.clock.monotonic() + TAKE_OVER_MS;
  for (;;) {
    const current = (await readIssueSession(context, ref))?.run ?? undefined;
    if (current?.id !== run.id || current.phase === 'ended') throw notRunning(ref);
    if (current.taken_over === true) return current.owner;
    if (context.clock.monotonic() >= deadline) {
      throw new AppError('busy', `${ref} is being prepared, but its runner has not started`, {
        hint: 'try again in a moment',
        exit: EXIT.busy,
      });
    }
    await context.clock.sleep(POLL_MS);
  }
}

/** A runner that had to be killed has settled nothing. */
async function settleStopped(context: Context, ref: string, run: Run): Promise<Run> {
  const session = await readIssueSession(context, ref);
  const current = session?.run;
  if (session === undefined || current === undefined || current === null || current.id !== run.id) return run;
  if (current.phase === 'ended') return current;
  await cleanUpAfterRun(context, run);
  const verdict: Verdict = {
    ...judge(NOTHING_OBSERVED, { exitCode: undefined, signal: undefined, endedFor: 'stopped' }),
    evidence: await gatherEvidence(context, session),
  };
  const ended = endedRun(current, verdict, context.clock.now());
  const settled = await updateIssueSession(context, ref, (latest) =>
    latest.run?.id === run.id && latest.run.phase !== 'ended' ? { ...latest, state: 'idle', run: ended } : undefined,
  );
  if (settled !== undefined) await afterIssueRun(context, ref, ended, verdict);
  return ended;
}
