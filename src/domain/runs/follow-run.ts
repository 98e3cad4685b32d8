import { LineReader } from '../../adapters/store/line-reader.ts';
import type { Context } from '../context.ts';
import { readIssueSession } from '../sessions/session-store.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { parseRunLogLine, type RunLogEntry } from './run-log.ts';
import type { Run } from './run-schema.ts';
import { isAbandoned } from './run-state.ts';

const POLL_MS = 50;
/** How often the run's record is looked at while its log says nothing, in milliseconds. */
const RECORD_CHECK_MS = 500;

interface Follow {
  readonly ref: string;
  readonly run: Pick<Run, 'id' | 'log'>;
  /** `at_work` returns as soon as the agent runs, or when the run ended before that. */
  readonly until: 'at_work' | 'ended';
  readonly onLine: (line: string, entry: RunLogEntry) => void;
}

/**
 * Follows the log of a run. A runner that dies on the way is noticed and settled, so this ends whenever the run does.
 *
 * @returns the run as it is recorded at that moment; undefined when the issue is not tracked any more
 */
export async function followRun(
  context: Pick<Context, 'home' | 'env' | 'clock' | 'tempDirectory'>,
  { ref, run, until, onLine }: Follow,
): Promise<Run | undefined> {
  const reader = new LineReader(run.log);
  let checkAt = context.clock.now() + RECORD_CHECK_MS;
  for (;;) {
    const lines = await reader.read();
    let done = false;
    for (const line of lines) {
      const entry = parseRunLogLine(line);
      onLine(line, entry);
      const event = entry.from === 'kugetsu' ? entry.record.event : undefined;
      if (event === 'ended' || event === until) done = true;
    }
    if (done) return currentRun(context, ref, run.id);
    if (lines.length === 0 && context.clock.now() >= checkAt) {
      if (await isOver(context, ref, run.id)) {
        for (const line of await reader.finish()) onLine(line, parseRunLogLine(line));
        return currentRun(context, ref, run.id);
      }
      checkAt = context.clock.now() + RECORD_CHECK_MS;
    }
    await context.clock.sleep(POLL_MS);
  }
}

async function isOver(context: Parameters<typeof followRun>[0], ref: string, runId: string): Promise<boolean> {
  const run = await currentRun(context, ref, runId);
  if (run !== undefined && isAbandoned(run)) {
    await reconcileRuns(context);
    return false;
  }
  return run === undefined || run.phase === 'ended';
}

async function currentRun(context: Parameters<typeof followRun>[0], ref: string, id: string): Promise<Run | undefined> {
  const run = (await readIssueSession(context, ref))?.run ?? undefined;
  return run?.id === id ? run : undefined;
}
