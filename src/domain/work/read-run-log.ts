import { LineReader } from '../../adapters/store/line-reader.ts';
import { modifiedAt } from '../../adapters/store/paths.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { AppError, unlessRefused } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { heldBackByCaller } from './live-runs.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { formatIssueRef } from '../issues/issue-ref.ts';
import { isTaskId } from '../issues/task-id.ts';
import type { Tail } from '../queue/fleet.ts';
import { unlessUnreachable } from '../queue/outbox.ts';
import { resolveIssueRef } from '../sessions/resolve-issue-ref.ts';
import { otherHost } from './other-host.ts';
import { reconcileItem } from './reconcile-items.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { followRun } from './follow-run.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { SHOWN_LINE } from '../runs/log-limits.ts';
import type { ShownLine } from '../runs/run-log-lines.ts';
import { lineShower } from '../runs/run-log.ts';
import { findRun } from './find-run.ts';
import { runOf } from '../runs/run-record.ts';
import { isRunId, runLogPath } from '../runs/run-id.ts';
import type { Run } from '../runs/run-schema.ts';

const LOOKING = { takeOver: false };

type Needs = Pick<Context, 'home' | 'env' | 'cwd' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

interface ReadOptions {
  /** An issue ref, a task id or a run id, as a person gave it. */
  readonly subject: string;
  /** Go on until the run has ended. */
  readonly follow: boolean;
  readonly onLine: (shown: ShownLine) => void;
  /** Called after the lines when they are only the end of a log that another host of the fleet has. */
  readonly onTail?: (tail: Pick<Tail, 'host' | 'run'>) => void;
  /** Called with a run that is followed now and then, while its log says nothing. */
  readonly onSilence?: (run: Run) => Promise<void>;
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
}

/**
 * Reads the log of the last run of an issue or a task, or of a run; of one on another host of the fleet, what that has told of it.
 *
 * @returns the run as it is recorded afterwards; undefined when only its log is left
 * @throws AppError `no_log` when there has been no run, `own_run` (exit code 4) when an agent would follow itself,
 * `other_host` (exit code 4) when one would follow what is on another host
 */
export async function readRunLog(context: Needs, options: ReadOptions): Promise<Run | undefined> {
  await reconcileRuns(context, LOOKING).catch(unlessRefused);
  try {
    return await readOwnLog(context, options);
  } catch (error) {
    const isNotHere = error instanceof AppError && NOT_HERE.has(error.code);
    const tail = isNotHere ? await tailElsewhere(context, options.subject) : undefined;
    if (tail === undefined) throw error;
    await showTail(context, tail, options);
    return undefined;
  }
}

/** What is said of a log that this host does not have. */
const NOT_HERE: ReadonlySet<string> = new Set(['no_log', 'no_run', 'no_session', 'other_host']);

async function tailElsewhere(context: Needs, subject: string): Promise<Tail | undefined> {
  const host = await context.queue.host();
  if (host === undefined) return undefined;
  const name =
    isTaskId(subject) || isRunId(subject) ? subject : formatIssueRef(await resolveIssueRef(context, subject));
  const tail = await context.queue.fleet.tail(name).catch(unlessUnreachable);
  return tail?.host === host || (isRunId(name) && tail?.run !== name) ? undefined : tail;
}

async function showTail(context: Needs, tail: Tail, { follow, onLine, onTail }: ReadOptions): Promise<void> {
  if (follow) {
    throw new AppError('other_host', `the log of run ${tail.run} is on host ${tail.host}`, {
      hint: 'follow it on that host; without --follow, its end is shown',
      exit: EXIT.busy,
    });
  }
  const show = await lineShower(context, onLine);
  for (const line of tail.lines) show(line);
  onTail?.(tail);
}

async function readOwnLog(
  context: Needs,
  { subject, follow, onLine, onSilence, signal }: ReadOptions,
): Promise<Run | undefined> {
  const { name, item, run: found } = await findRun(context, subject);
  if (found === undefined) throw noLog(name, ...(item === undefined ? [] : await whyHeldBack(context, item)));
  const { id, record } = found;
  const run = { id, log: runLogPath(context, id) };
  if (follow && callingAgent(context.env)?.runId === id) throw ownRun(subject);
  const log = await modifiedAt(run.log);
  // A run that is at work on another host writes no log here.
  if (log === undefined && item !== undefined && (await otherHost(context, item)) !== undefined) throw noLog(subject);
  if (follow) {
    const settle = async (): Promise<void> => settleAll(context, subject);
    return followRun(context, { record, run, settle, until: 'ended', onLine, onSilence, signal });
  }
  if (log === undefined) throw noLog(subject, 'its log is gone: logs are kept for 7 days');
  const show = await lineShower(context, onLine);
  for await (const line of new LineReader(run.log, SHOWN_LINE).finish()) show(line);
  const read = await record.read();
  return read === undefined ? undefined : runOf(read);
}

/** An agent that follows what it has queued itself is told that it holds it back. */
async function whyHeldBack(context: Needs, item: QueueItem): Promise<[string] | []> {
  if (callingAgent(context.env) === undefined) return [];
  const held = await heldBackByCaller(context, (await context.queue.all()).items);
  return held.some(({ id }) => id === item.id)
    ? ['it cannot start while you work, because you hold the slot that it needs: end your turn']
    : [];
}

async function settleAll(context: Needs, subject: string): Promise<void> {
  await reconcileRuns(context, LOOKING);
  const item = isTaskId(subject) ? await context.queue.read(subject) : undefined;
  if (item !== undefined) await reconcileItem(context, item, LOOKING);
}

/** The error for an agent that would follow its own run: it would end when a deadline ends the run that waits for itself. */
export function ownRun(subject: string): AppError {
  return new AppError('own_run', `you are working on ${subject} yourself: its log ends when your turn does`, {
    hint: 'do not wait for it: finish the work, and end your turn',
    exit: EXIT.busy,
  });
}

function noLog(subject: string, why = 'it has had no run yet'): AppError {
  return new AppError('no_log', `there is no log of ${subject}: ${why}`, {
    hint: 'run: kugetsu list, or kugetsu queue list',
  });
}
