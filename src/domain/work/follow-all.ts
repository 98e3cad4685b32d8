import type { Context } from '../queue/context.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { listKeptIds, listRecordIds, readRunRecord } from '../runs/run-files.ts';
import { newRunId, runLogPath } from '../runs/run-id.ts';
import type { ShownLine } from '../runs/run-log-lines.ts';
import { hasEnded, type RunRecord } from '../runs/run-record.ts';
import type { Run } from '../runs/run-schema.ts';
import { followRun, stillRunning } from './follow-run.ts';
import { subjectName } from './live-runs.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { recordedRun } from './recorded-run.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

interface FollowAll {
  /** A line of a run's log; `name` is the ref, or the id of a PM agent's task. */
  readonly onLine: (name: string, shown: ShownLine) => void;
  /** Called with a run now and then, while its log says nothing. */
  readonly onSilence?: (name: string, run: Run) => Promise<void>;
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
export async function followAll(context: Needs, { onLine, onSilence, signal }: FollowAll): Promise<never> {
  const own = callingAgent(context.env)?.runId;
  const since = context.clock.now() - SHOWN_FIRST_MS;
  const first = newRunId(context);
  const seen = new Set<string>(own === undefined ? [] : [own]);
  const following: Promise<unknown>[] = [];
  while (!signal.aborted) {
    for (const id of await runsToFollow(context, { first, seen })) {
      seen.add(id);
      const record = await readRunRecord(context, id).catch(() => undefined);
      const name = record === undefined ? undefined : subjectName(record.subject);
      // One that began meanwhile may have ended already.
      if (record === undefined || name === undefined || (hasEnded(record) && id < first)) continue;
      const show = (shown: ShownLine): void => {
        if (timeOf(shown) >= since) onLine(name, shown);
      };
      // One that cannot be followed holds up no other.
      const onSilent = async (run: Run): Promise<void> => onSilence?.(name, run);
      following.push(followOne(context, record, { onLine: show, onSilence: onSilent, signal }).catch(() => undefined));
    }
    await context.clock.sleep(POLL_MS, signal);
  }
  await Promise.all(following);
  throw stillRunning();
}

/** The runs that are on, and those that have begun since `first` would have, oldest first. */
async function runsToFollow(
  context: Needs,
  { first, seen }: { readonly first: string; readonly seen: ReadonlySet<string> },
): Promise<string[]> {
  // A record moves from the one place to the other.
  const live = await listRecordIds(context);
  const kept = (await listKeptIds(context)).filter((id) => id > first);
  return [...new Set([...kept, ...live])].filter((id) => !seen.has(id)).toSorted();
}

async function followOne(
  context: Needs,
  { id, subject }: RunRecord,
  given: Pick<Parameters<typeof followRun>[1], 'onLine' | 'onSilence' | 'signal'>,
): Promise<void> {
  await followRun(context, {
    record: recordedRun(context, id, subject),
    run: { id, log: runLogPath(context, id) },
    settle: async () => reconcileRuns(context, { takeOver: false }),
    until: 'ended',
    ...given,
  });
}

/** In milliseconds since the epoch; what does not say is shown. */
function timeOf({ entry }: ShownLine): number {
  const at = entry.from === 'kugetsu' ? Date.parse(entry.record.at) : entry.at;
  return at === undefined || Number.isNaN(at) ? Infinity : at;
}
