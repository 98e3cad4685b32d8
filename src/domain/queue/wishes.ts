import { isoMsWithOffset } from '../../util/time.ts';
import { isOutage } from './breaker.ts';
import { CANCELLATION, failed } from './end-task.ts';
import type { Child, Dependency, QueueItem } from './queue-item.ts';

/** How long a process may take from the file of the parent to the one of the child, in milliseconds. */
const REOPENING_MS = 60_000;

/** What somebody wants of a task, and what its dependencies tell it. */
export type Wish =
  /** Not to be done. One that an agent has ends with its run, and is not tried again. */
  | { readonly type: 'cancelled'; readonly message: string }
  /** To be done again after its end: as many attempts as a new one has, in the session and worktree that it has. */
  | { readonly type: 'retried'; readonly message: string | null }
  /** To have another message, or other conditions, while it waits. */
  | ({ readonly type: 'edited' } & Edit)
  /** To have another place in the queue, while it waits. */
  | { readonly type: 'moved'; readonly priority: number; readonly place: string }
  /** A task that it waits for has ended, or is gone. */
  | { readonly type: 'dependency_ended'; readonly id: string; readonly outcome: NonNullable<Dependency['outcome']> }
  /** A task that it has started is in the queue again after its end. */
  | { readonly type: 'child_reopened'; readonly id: string }
  /** The attempt of this run failed of what was wrong with all tasks: it counts no more, and the task waits again. */
  | { readonly type: 'given_back'; readonly runId: string };

/** What a task that waits is to have instead; what is undefined stays. */
export interface Edit {
  readonly message?: string | undefined;
  readonly priority?: number | undefined;
  /** The tasks that have to end before it begins; instead of those that it has. */
  readonly after?: readonly Dependency[] | undefined;
  readonly afterAny?: boolean | undefined;
  /** The earliest time at which it begins, ISO 8601; null for none. */
  readonly notBefore?: string | null | undefined;
}

const WISHES: ReadonlySet<string> = new Set<Wish['type']>([
  'cancelled',
  'retried',
  'edited',
  'moved',
  'dependency_ended',
  'child_reopened',
  'given_back',
]);

/** Whether an event is one of these. */
export function isWish(event: { readonly type: string }): event is Wish {
  return WISHES.has(event.type);
}

/** A task that has not ended, after an event. One that does not fit leaves it as it is, the very same object. */
export function wished(item: QueueItem, wish: Wish, now: number): QueueItem {
  const waits = item.state === 'pending';
  switch (wish.type) {
    case 'cancelled':
      return cancelled(item, wish.message, now);
    case 'retried':
      return item;
    case 'edited':
      return waits ? edited(item, wish) : item;
    case 'moved':
      return waits ? moved(item, wish) : item;
    case 'dependency_ended':
      return waits ? afterDependency(item, wish, now) : item;
    case 'child_reopened':
      return reopened(item, wish.id, now);
    case 'given_back':
      return waits && isForAll(item, wish.runId) ? givenBack(item) : item;
  }
}

/** A task that has ended, after an event. */
export function wishedAfterEnd(item: QueueItem, wish: Wish, now: number): QueueItem {
  if (wish.type === 'retried') return retried(item, wish.message, now);
  const hasFailed = item.state === 'error' && item.cancelled == null;
  if (wish.type !== 'given_back' || !hasFailed || !isForAll(item, wish.runId)) return item;
  const { attempts, failure, begun_at: begun = null } = item;
  return givenBack({ ...retried(item, null, now), attempts, failure, begun_at: begun });
}

/** Whether this run was the last attempt, and failed of what was wrong with all tasks. */
function isForAll({ run_id: run, attempts, failure }: QueueItem, runId: string): boolean {
  return run === runId && attempts > 0 && failure !== null && isOutage(failure.class);
}

/** The task keeps the reason, which its next agent is told if the last one had begun. */
function givenBack(item: QueueItem): QueueItem {
  const attempts = Math.max(0, item.attempts - 1);
  return {
    ...item,
    attempts,
    begun_at: attempts > 0 ? (item.begun_at ?? null) : null,
    run_id: null,
    next_attempt_at: null,
  };
}

function cancelled(item: QueueItem, message: string, now: number): QueueItem {
  if (item.state === 'pending') return failed(item, { ...CANCELLATION, message }, now);
  return item.cancelled == null ? { ...item, cancelled: { at: isoMsWithOffset(now), message } } : item;
}

function edited(item: QueueItem, { message, priority, after, afterAny, notBefore }: Edit): QueueItem {
  const changed: QueueItem = {
    ...item,
    ...(message === undefined ? {} : { message }),
    ...(priority === undefined ? {} : { priority }),
    ...(after === undefined ? {} : { after: [...after] }),
    ...(afterAny === undefined ? {} : { after_any: afterAny }),
    ...(notBefore == null ? {} : { not_before: notBefore }),
  };
  if (notBefore === null) delete changed.not_before;
  return JSON.stringify(changed) === JSON.stringify(item) ? item : changed;
}

function moved(item: QueueItem, { priority, place }: Extract<Wish, { type: 'moved' }>): QueueItem {
  if ((item.priority ?? 0) === priority && item.place === place) return item;
  return { ...item, priority, place };
}

function afterDependency(
  item: QueueItem,
  { id, outcome }: Extract<Wish, { type: 'dependency_ended' }>,
  now: number,
): QueueItem {
  const { after = [] } = item;
  if (!after.some((dependency) => dependency.id === id && dependency.outcome === null)) return item;
  const told = {
    ...item,
    after: after.map((dependency) => (dependency.id === id ? { ...dependency, outcome } : dependency)),
  };
  if (outcome === 'succeeded' || item.after_any === true) return told;
  const message = `it was to come after ${id}, which ${ENDED[outcome]}`;
  return failed(told, { class: 'dependency_failed', message, not_begun: true }, now);
}

const ENDED: Readonly<Record<Exclude<NonNullable<Dependency['outcome']>, 'succeeded'>, string>> = {
  failed: 'ended in error',
  stopped: 'was stopped',
  lost: 'is gone',
};

function retried(item: QueueItem, message: string | null, now: number): QueueItem {
  return {
    ...item,
    state: 'pending',
    message: message ?? item.message,
    attempts: 0,
    begun_at: null,
    retried_at: isoMsWithOffset(now),
    finished_at: null,
    next_attempt_at: null,
    cancelled: null,
    // The next agent is told how the last one ended, if there was one.
    failure: item.attempts > 0 ? item.failure : null,
    run: null,
    reply: null,
    ...(item.host == null ? {} : { host: null }),
    // What ended badly is asked again, or is what the agent has to do again.
    ...(item.after === undefined ? {} : { after: item.after.map(askedAgain) }),
    children: item.children.map((child) =>
      child.outcome === null || child.outcome === 'succeeded' ? child : { ...child, earlier: true },
    ),
  };
}

function askedAgain(dependency: Dependency): Dependency {
  return dependency.outcome === 'succeeded' ? dependency : { ...dependency, outcome: null };
}

function reopened(item: QueueItem, id: string, now: number): QueueItem {
  if (!item.children.some((child) => child.id === id && child.outcome !== null)) return item;
  const again = { outcome: null, earlier: false, not_begun: false, reopened_at: isoMsWithOffset(now) };
  return { ...item, children: item.children.map((child) => (child.id === id ? { ...child, ...again } : child)) };
}

/**
 * Whether what is told of a child is its end before it went into the queue again. Whoever reopens it writes the parent first and
 * the child then; when the child is as it was a minute later, that process has died in between, and the old end counts again.
 */
export function isOfBefore({ reopened_at: at }: Child, endedAt: string | null, now: number): boolean {
  if (at === undefined || endedAt === null) return false;
  return Date.parse(endedAt) <= Date.parse(at) && Math.abs(now - Date.parse(at)) < REOPENING_MS;
}
