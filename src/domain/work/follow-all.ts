import type { Context } from '../queue/context.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { listRunRecords } from '../runs/run-files.ts';
import { runLogPath } from '../runs/run-id.ts';
import type { ShownLine } from '../runs/run-log-lines.ts';
import { hasEnded, type RunRecord } from '../runs/run-record.ts';
import { followRun, stillRunning } from './follow-run.ts';
import { subjectName } from './live-runs.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { recordedRun } from './recorded-run.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

interface FollowAll {
  /** A line of a run's log; `name` is the ref, or the id of a PM agent's task. */
  readonly onLine: (name: string, shown: ShownLine) => void;
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
}

const POLL_MS = 500;
/** How long ago what is shown first may have been, of runs that are on already, in milliseconds. */
const SHOWN_FIRST_MS = 60_000;

/**
 * Follows the logs of all runs: of those that are on from a minute ago, of those that begin from their beginning. An agent's own
 * run is left out.
 *
 * @throws AppError `interrupted` (exit code 130) when `signal` aborts: nothing else ends it
 */
export async function followAll(context: Needs, { onLine, signal }: FollowAll): Promise<never> {
  const own = callingAgent(context.env)?.runId;
  const since = context.clock.now() - SHOWN_FIRST_MS;
  const seen = new Set<string>(own === undefined ? [] : [own]);
  const following: Promise<unknown>[] = [];
  while (!signal.aborted) {
    for (const record of await listRunRecords(context)) {
      const name = subjectName(record.subject);
      if (name === undefined || seen.has(record.id) || hasEnded(record)) continue;
      seen.add(record.id);
      const show = (shown: ShownLine): void => {
        if (timeOf(shown) >= since) onLine(name, shown);
      };
      // One that cannot be followed holds up no other.
      following.push(followOne(context, record, { onLine: show, signal }).catch(() => undefined));
    }
    await context.clock.sleep(POLL_MS, signal);
  }
  await Promise.all(following);
  throw stillRunning();
}

async function followOne(
  context: Needs,
  { id, subject }: RunRecord,
  { onLine, signal }: { readonly onLine: (shown: ShownLine) => void; readonly signal: AbortSignal },
): Promise<void> {
  await followRun(context, {
    record: recordedRun(context, id, subject),
    run: { id, log: runLogPath(context, id) },
    settle: async () => reconcileRuns(context, { takeOver: false }),
    until: 'ended',
    onLine,
    signal,
  });
}

/** In milliseconds since the epoch; what does not say is shown. */
function timeOf({ entry }: ShownLine): number {
  const at = entry.from === 'kugetsu' ? Date.parse(entry.record.at) : entry.at;
  return at === undefined || Number.isNaN(at) ? Infinity : at;
}
