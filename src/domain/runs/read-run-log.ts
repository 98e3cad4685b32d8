import { LineReader } from '../../adapters/store/line-reader.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { notTracked } from '../sessions/claim-issue.ts';
import { readIssueSession } from '../sessions/session-store.ts';
import { followRun } from './follow-run.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { parseRunLogLine, type RunLogEntry } from './run-log.ts';
import type { Run } from './run-schema.ts';

interface ReadOptions {
  readonly ref: IssueRef;
  /** Go on until the run has ended. */
  readonly follow: boolean;
  readonly onLine: (line: string, entry: RunLogEntry) => void;
}

/**
 * Reads the log of an issue's last run.
 *
 * @returns the run as it is recorded afterwards
 * @throws AppError `no_log` when the issue has had no run
 */
export async function readRunLog(
  context: Pick<Context, 'home' | 'env' | 'clock' | 'tempDirectory'>,
  { ref: issue, follow, onLine }: ReadOptions,
): Promise<Run | undefined> {
  const ref = formatIssueRef(issue);
  await reconcileRuns(context);
  const session = await readIssueSession(context, ref);
  if (session === undefined) throw notTracked(ref);
  const { run } = session;
  if (run === null)
    throw new AppError('no_log', `${ref} has had no run yet`, { hint: 'kugetsu list shows what there is' });
  if (follow) return followRun(context, { ref, run, until: 'ended', onLine });
  for (const line of await new LineReader(run.log).finish()) onLine(line, parseRunLogLine(line));
  return run;
}
