import { kindOf } from '../../util/error-codes.ts';
import { isoMsWithOffset } from '../../util/time.ts';
import type { Run, Verdict } from '../runs/run-schema.ts';
import { CANCELLATION, failed, finished, whyChildrenFail, type Cause } from './end-task.ts';
import type { Child, QueueItem } from './queue-item.ts';
import { isOfBefore, isWish, wished, wishedAfterEnd, type Wish } from './wishes.ts';

/** Begun attempts after which a task is given up. */
export const MAX_ATTEMPTS = 3;
const MAX_BACKOFF_MS = 300_000;
/** The range of the factor by which a wait is shorter or longer, so that tasks do not all come back at once. */
export const JITTER = { least: 0.5, most: 1.5 } as const;
/** No task is made to wait longer for its next attempt, in milliseconds. */
export const LONGEST_WAIT_MS = MAX_BACKOFF_MS * JITTER.most;

/** The class of a run whose server died, which other agents worked in, too. */
const ENGINE_DIED = 'engine_died';

/** The class of a run of whose host nothing was heard for too long. */
export const HOST_LOST = 'host_lost';

/** Something that happened to a task. */
export type QueueEvent =
  /** Somebody took the task for one attempt with this run. */
  | { readonly type: 'claimed'; readonly runId: string; readonly by: Run['owner']; readonly run: Run | null }
  /** The claim came to nothing: no slot, or the claimer died before the run began. It was no attempt. */
  | { readonly type: 'released'; readonly runId: string | null; readonly notBefore: number | null }
  /** kugetsu or the machine was not ready for the task. It was no attempt, and a person has to see to it. */
  | { readonly type: 'held_up'; readonly runId: string | null; readonly notBefore: number; readonly failure: Cause }
  /** The attempt could not even begin, and another may. */
  | { readonly type: 'not_begun'; readonly runId: string | null; readonly failure: Cause; readonly backoff: Backoff }
  /** The run of the attempt ended. */
  | { readonly type: 'run_ended'; readonly runId: string; readonly verdict: Verdict; readonly backoff: Backoff }
  /** The attempt could not even begin, and trying again cannot help. */
  | ({ readonly type: 'refused' } & Cause)
  /** The PM agent started or enqueued something. */
  | { readonly type: 'child_added'; readonly child: Child }
  /** Something that the PM agent started has ended; `endedAt` when it is a task and that is known, ISO 8601. */
  | {
      readonly type: 'child_ended';
      readonly id: string;
      readonly outcome: NonNullable<Child['outcome']>;
      /** Whether it ended because it could not begin. */
      readonly not_begun?: boolean;
      readonly endedAt?: string | null;
    }
  /** Somebody looked whether the task still waits for anything. */
  | { readonly type: 'children_checked' }
  /** What somebody wants of the task. */
  | Wish;

/** How long to wait before the next attempt: `baseMs · 2^(attempts-1)`, five minutes at the most, times the jitter. */
export interface Backoff {
  readonly baseMs: number;
  /** 0.5 to 1.5; random, so that tasks that failed together are not tried again together. */
  readonly jitter: number;
}

/**
 * The task after an event, at `now` in milliseconds since the epoch. Total: an event that does not fit the state (a
 * verdict of an older attempt, anything after the end) leaves the task as it is, the very same object.
 */
export function advance(item: QueueItem, event: QueueEvent, now: number): QueueItem {
  if (isWish(event)) return isFinished(item) ? wishedAfterEnd(item, event, now) : wished(item, event, now);
  if (isFinished(item)) return lateChild(item, event, now);
  const after = happened(item, event, now);
  // Nobody wants another attempt at it.
  return after.state === 'pending' && after.cancelled != null ? failed(after, CANCELLATION, now) : after;
}

function happened(item: QueueItem, event: Exclude<QueueEvent, Wish>, now: number): QueueItem {
  switch (event.type) {
    case 'claimed':
      return item.state === 'pending' ? claimed(item, event, now) : item;
    case 'released':
      return isClaimedBy(item, event.runId) ? released(item, event.notBefore) : item;
    case 'held_up':
      return isClaimedBy(item, event.runId) ? heldUp(item, event, now) : item;
    case 'not_begun':
      return isClaimedBy(item, event.runId)
        ? triedInVain(item, { ...event, failure: { ...event.failure, not_begun: true } }, now)
        : item;
    case 'run_ended':
      return isOfRun(item, event.runId) ? runEnded(item, event, now) : item;
    case 'refused':
      return failed(item, { class: event.class, message: event.message, not_begun: true }, now);
    case 'child_added':
      return item.children.some(({ id }) => id === event.child.id)
        ? item
        : { ...item, children: [...item.children, event.child] };
    case 'child_ended':
      return settleParent(withOutcome(item, event, now), now);
    case 'children_checked':
      return settleParent(item, now);
  }
}

/** Whether the task has come to its end. */
export function isFinished({ state }: Pick<QueueItem, 'state'>): boolean {
  return state === 'completed' || state === 'error';
}

/** Whether the task is back in the queue, or on its way again, because kugetsu was not ready for it. */
export function isHeldUp({ failure }: Pick<QueueItem, 'failure'>): boolean {
  return failure !== null && kindOf(failure.class) === 'not_ready';
}

/** Whether the PM agent of the task is done, and the task waits for what it started. */
export function isWaitingForChildren(item: QueueItem): boolean {
  return item.state === 'notified' && item.run?.verdict?.outcome === 'succeeded';
}

/** Whether the task is claimed for this run, and the run is not done: after it the task waits for its children alone. */
function isClaimedBy(item: QueueItem, runId: string | null): boolean {
  return item.state === 'notified' && item.run_id === runId && !isWaitingForChildren(item);
}

/** Whether nobody has begun the task anew since this run. That its host was lost is a guess, and a verdict is knowledge. */
function isOfRun(item: QueueItem, runId: string): boolean {
  return item.run_id === runId && (item.state === 'notified' || isGuessedLost(item));
}

function isGuessedLost({ state, failure }: QueueItem): boolean {
  return state === 'pending' && failure?.class === HOST_LOST;
}

function claimed(item: QueueItem, event: Extract<QueueEvent, { type: 'claimed' }>, now: number): QueueItem {
  return {
    ...item,
    state: 'notified',
    attempts: item.attempts + 1,
    begun_at: item.begun_at ?? isoMsWithOffset(now),
    next_attempt_at: null,
    run_id: event.runId,
    claimed_by: event.by,
    run: event.run,
    ...(event.by.host === undefined ? {} : { host: event.by.host }),
  };
}

function released(item: QueueItem, notBefore: number | null): QueueItem {
  return {
    ...item,
    state: 'pending',
    attempts: Math.max(0, item.attempts - 1),
    // Then it has not begun.
    begun_at: item.attempts > 1 ? (item.begun_at ?? null) : null,
    next_attempt_at: notBefore === null ? null : isoMsWithOffset(notBefore),
    run_id: null,
    claimed_by: null,
    run: null,
    ...(item.host == null ? {} : { host: null }),
  };
}

function heldUp(item: QueueItem, event: Extract<QueueEvent, { type: 'held_up' }>, now: number): QueueItem {
  return { ...released(item, event.notBefore), failure: { ...event.failure, at: isoMsWithOffset(now) } };
}

/** Waits for the next attempt, or is given up after the last. */
function triedInVain(
  item: QueueItem,
  { failure, backoff }: { readonly failure: Cause; readonly backoff: Backoff },
  now: number,
): QueueItem {
  if (item.attempts >= MAX_ATTEMPTS) return failed(item, failure, now);
  const wait = Math.min(backoff.baseMs * 2 ** (item.attempts - 1), MAX_BACKOFF_MS) * backoff.jitter;
  return {
    ...item,
    state: 'pending',
    claimed_by: null,
    next_attempt_at: isoMsWithOffset(now + wait),
    failure: { class: failure.class, message: failure.message, at: isoMsWithOffset(now) },
  };
}

function runEnded(item: QueueItem, event: Extract<QueueEvent, { type: 'run_ended' }>, now: number): QueueItem {
  // The first verdict on a run stands: whoever comes later looked at an older state.
  const verdict = isGuessedLost(item) ? event.verdict : (item.run?.verdict ?? event.verdict);
  const ended = { ...item, claimed_by: null, run: item.run === null ? null : withVerdict(item.run, verdict, now) };
  if (verdict.outcome === 'succeeded') {
    const done = { ...ended, reply: verdict.reply, failure: null };
    if (item.type !== 'pm') return finished(done, 'completed', now);
    // One that was guessed lost would begin again while it waits for its children.
    return settleParent({ ...done, state: 'notified', next_attempt_at: null }, now);
  }
  const failure = { class: verdict.class, message: verdict.message };
  if (isNoAttempt(item, verdict)) {
    return { ...released(item, null), failure: { ...failure, at: isoMsWithOffset(now) } };
  }
  const again = verdict.outcome === 'failed' && verdict.retryable;
  return again ? triedInVain(ended, { failure, backoff: event.backoff }, now) : failed(ended, failure, now);
}

/** A server that agents share died, which may be another one's doing; when it does so twice in a row, it counts. */
function isNoAttempt({ failure }: QueueItem, verdict: Verdict): boolean {
  return verdict.class === ENGINE_DIED && failure?.class !== ENGINE_DIED;
}

/** A PM task is done when its run and everything that it started are. */
function settleParent(item: QueueItem, now: number): QueueItem {
  if (!isWaitingForChildren(item) || item.children.some(({ outcome }) => outcome === null)) return item;
  const failure = whyChildrenFail(item);
  if (failure !== undefined) return failed(item, failure, now);
  return finished({ ...item, reply: item.reply ?? item.run?.verdict?.reply ?? null }, 'completed', now);
}

// What a task started is written down even when the task itself is over; its state stays.
function lateChild(item: QueueItem, event: QueueEvent, now: number): QueueItem {
  return event.type === 'child_ended' ? withOutcome(item, event, now) : item;
}

function withOutcome(
  item: QueueItem,
  { id, outcome, not_begun = false, endedAt = null }: Extract<QueueEvent, { type: 'child_ended' }>,
  now: number,
): QueueItem {
  const told = item.children.find((child) => child.id === id && child.outcome === null);
  if (told === undefined || isOfBefore(told, endedAt, now)) return item;
  const end = { outcome, ...(not_begun ? { not_begun } : {}) };
  return { ...item, children: item.children.map((child) => (child.id === id ? { ...child, ...end } : child)) };
}

function withVerdict(run: Run, verdict: Verdict, now: number): Run {
  return { ...run, phase: 'ended', ended_at: run.ended_at ?? isoMsWithOffset(now), verdict };
}
