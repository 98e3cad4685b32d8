import { AppError, RunError } from '../../../util/errors.ts';
import { formatIssueRef } from '../../issues/issue-ref.ts';
import { followRun } from '../../work/follow-run.ts';
import { reconcileRuns } from '../../work/reconcile-runs.ts';
import type { RunLogEntry } from '../../runs/run-log-lines.ts';
import { recordedRun } from '../../work/recorded-run.ts';
import type { Verdict } from '../../runs/run-schema.ts';
import { startIssue } from '../../work/start-issue.ts';
import { CANARY_REF, type CanaryHome } from './canary-home.ts';
import type { Steps } from './steps.ts';

const MESSAGE = 'This is a test of the machinery. Reply with the word ok, and do nothing else: no tools, no changes.';

// What follows in the log on each step that is done there.
const NEXT: Readonly<Record<string, string>> = { worktree: 'session', session: 'agent', agent: 'answer' };

/** Starts the agent as `kugetsu start` does, and follows it to its end. @returns the verdict of a success */
export async function followCanary(
  { context, runId }: CanaryHome,
  steps: Steps,
  signal: AbortSignal,
): Promise<Verdict> {
  steps.begin('start');
  const run = await startIssue(context, { ref: CANARY_REF, kind: 'start', message: MESSAGE, debug: false, runId });
  steps.done('start', `claimed, and a runner started (run ${runId})`);
  steps.begin('worktree');
  const ended = await followRun(context, {
    record: recordedRun(context, run.id, { type: 'issue', ref: formatIssueRef(CANARY_REF) }),
    run,
    settle: async () => reconcileRuns(context, { takeOver: false }),
    until: 'ended',
    onLine: ({ entry }) => noticeStep(entry, steps),
    signal,
  });
  const verdict = ended?.verdict ?? null;
  if (verdict === null) throw new AppError('no_verdict', 'the run has no verdict');
  if (verdict.outcome !== 'succeeded') throw new RunError(verdict.class, `${verdict.class}: ${verdict.message}`);
  return verdict;
}

function noticeStep(entry: RunLogEntry, steps: Steps): void {
  if (entry.from !== 'kugetsu' || entry.record.event !== 'step') return;
  const { name, note } = entry.record;
  steps.done(name, note);
  steps.begin(NEXT[name] ?? name);
}
