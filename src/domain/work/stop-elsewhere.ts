import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { formatDuration } from '../../util/time.ts';
import { formatIssueRef } from '../issues/issue-ref.ts';
import { isTaskId } from '../issues/task-id.ts';
import { isWaitingForChildren } from '../queue/advance.ts';
import type { Context } from '../queue/context.ts';
import { SILENT_MS } from '../queue/fleet.ts';
import { unlessUnreachable } from '../queue/outbox.ts';
import type { Child, QueueItem } from '../queue/queue-item.ts';
import { isRunId } from '../runs/run-id.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { resolveIssueRef } from '../sessions/resolve-issue-ref.ts';
import { otherHost } from './other-host.ts';
import { stopRun } from './stop-run.ts';

/** What was stopped: a run of this home, or a task that another host of the fleet was at. */
export type Stopped =
  | { readonly record: RunRecord; readonly host?: undefined }
  | { readonly host: string; readonly runId: string; readonly item: QueueItem };

// The host hears of it at once, or looks within seconds; then its runner needs some for an agent that ignores its end.
const LONGEST_WAIT_MS = 45_000;
const POLL_MS = 200;
/** How long one is waited for of which nothing is heard. */
const SILENT_WAIT_MS = 2000;

/**
 * As {@link stopRun}, and a task that another host of the fleet is at: that host is asked to end the run, and this waits until
 * it has.
 *
 * @throws AppError `busy` (exit code 4) when the host has not done it in time; it does as soon as it hears of it. And what
 * {@link stopRun} throws
 */
export async function stopWherever(context: Context, text: string): Promise<Stopped> {
  // An issue of this host can be stopped while the queue cannot be reached.
  const claim = await claimElsewhere(context, text).catch(unlessUnreachable);
  if (claim === undefined) return { record: await stopRun(context, text) };
  const { item, host, runId } = claim;
  const isOver = (now: QueueItem): boolean =>
    now.state !== 'notified' || now.run_id !== runId || isWaitingForChildren(now);
  return {
    host,
    runId,
    item: await untilEnded(context, { host, task: item, isOver, what: `run ${runId} of ${item.id}` }),
  };
}

interface Claim {
  readonly item: QueueItem;
  readonly host: string;
  readonly runId: string;
}

/** The task that another host is at, by its id, its run's, or the ref of its issue. */
async function claimElsewhere(context: Context, text: string): Promise<Claim | undefined> {
  if ((await context.queue.host()) === undefined) return undefined;
  const item = await namedTask(context, text);
  const host = item === undefined ? undefined : await otherHost(context, item);
  if (item?.run_id == null || host === undefined) return undefined;
  return { item, host, runId: item.run_id };
}

async function namedTask(context: Context, text: string): Promise<QueueItem | undefined> {
  if (isTaskId(text)) return context.queue.read(text);
  const ref = isRunId(text) ? undefined : formatIssueRef(await resolveIssueRef(context, text));
  const open = await context.queue.open(async () => undefined);
  return open.find(({ state, run_id: id, issue_ref }) => state === 'notified' && (id === text || issue_ref === ref));
}

/**
 * Has another host end a run that it began for a PM task by itself, without a task in the queue.
 *
 * @throws as {@link stopWherever}
 */
export async function stopChildElsewhere(
  context: Context,
  parent: QueueItem,
  { id, host, issue_ref: ref }: Child & { readonly host: string },
): Promise<void> {
  const isOver = (now: QueueItem): boolean =>
    now.state !== 'notified' || now.children.every((child) => child.id !== id || child.outcome !== null);
  await untilEnded(context, { host, task: parent, isOver, what: `run ${id} on ${ref ?? parent.id}` });
}

interface Ending {
  readonly host: string;
  /** The task by which that host is asked. */
  readonly task: QueueItem;
  readonly isOver: (item: QueueItem) => boolean;
  /** What is to end, in words. */
  readonly what: string;
}

async function untilEnded(context: Context, { host, task, isOver, what }: Ending): Promise<QueueItem> {
  const { clock, queue } = context;
  const waitMs = (await silenceOf(context, host)) < SILENT_MS ? LONGEST_WAIT_MS : SILENT_WAIT_MS;
  const deadline = clock.monotonic() + waitMs;
  for (let item = task; ;) {
    if (isOver(item)) return item;
    if (clock.monotonic() >= deadline) throw await notYet(context, host, what);
    // Whatever happens to the task may have the wish forgotten.
    await queue.fleet.askToStop(item.id, item.run_id ?? '');
    await clock.sleep(POLL_MS);
    item = (await queue.read(item.id)) ?? { ...item, state: 'error' };
  }
}

/** For how many milliseconds nothing was heard of a host. */
async function silenceOf({ queue }: Context, host: string): Promise<number> {
  return (await queue.fleet.hosts()).find(({ name }) => name === host)?.silentMs ?? 0;
}

async function notYet(context: Context, host: string, what: string): Promise<AppError> {
  const silence = await silenceOf(context, host);
  if (silence < SILENT_MS) {
    return new AppError('busy', `host ${host} was asked to end ${what}, and has not done so yet`, {
      hint: 'try again in a moment',
      exit: EXIT.busy,
    });
  }
  const heard = `nothing was heard of host ${host} for ${formatDuration(silence)}`;
  return new AppError('busy', `${heard}: ${what} ends when it is back, or when its claim runs out`, {
    hint: `if it does not come back, run: kugetsu fleet forget ${host}`,
    exit: EXIT.busy,
  });
}
