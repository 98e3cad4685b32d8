import type { Breaker, FailedRun } from './breaker-schema.ts';

/** What is wrong with the machine, the network or an account, and not with one task. */
const OUTAGES: ReadonlySet<string> = new Set([
  'no_credentials',
  'rate_limited',
  'model_unavailable',
  'disk_full',
  'repository_unreachable',
  'lfs_unreachable',
]);
const OUTAGE_OF = /^(?:opencode|git)_/;

/** No longer wait than this between two tries, in milliseconds. */
const LONGEST_BREAK_MS = 120 * 60_000;

/** When the breaker opens, and for how long at first; `failures` of 0 switches it off. */
export interface BreakerLimits {
  readonly failures: number;
  readonly breakMs: number;
}

/** How one run for a task has ended. */
export interface TaskEnd {
  readonly task: string;
  readonly run: string;
  readonly outcome: 'succeeded' | 'failed' | 'stopped';
  readonly class: string;
  /** Without secrets. */
  readonly message: string;
}

/** The breaker while nothing is wrong. */
export const CLOSED: Breaker = { class: null, message: null, failed: [], opened: null, trial: null };

/** Whether many tasks would fail of this class in the same way. */
export function isOutage(failureClass: string): boolean {
  return OUTAGES.has(failureClass) || OUTAGE_OF.test(failureClass);
}

/** Whether the tasks of all hosts of a fleet would: a model's limits are per key, and hosts share theirs. */
export function isForAllHosts(failureClass: string): boolean {
  return failureClass === 'rate_limited';
}

/** Whether a task that fails now keeps its attempt. */
export function isOpen({ opened }: Breaker): boolean {
  return opened !== null;
}

/**
 * The breaker after the end of a run, at `now` in milliseconds since the epoch. It opens when so many tasks in a row have
 * ended with the same class of outage, and closes when a task that was tried then ends in any other way. The same end again
 * changes nothing: the very same object.
 */
export function afterEnd(breaker: Breaker, end: TaskEnd, { limits, now }: Moment): Breaker {
  if (limits.failures === 0) return breaker === CLOSED ? breaker : CLOSED;
  if (saysNothing(end) || breaker.failed.some(({ run }) => run === end.run)) return breaker;
  const fails = end.outcome === 'failed' && isOutage(end.class);
  if (breaker.opened === null) return fails ? inARow(breaker, end, { limits, now }) : cleared(breaker);
  if (breaker.trial === end.task) return fails ? openedAgain(breaker, end, { limits, now }) : CLOSED;
  // It was at work before, and says nothing of now.
  return fails ? { ...breaker, failed: [...breaker.failed, failedRun(end)] } : breaker;
}

/** An agent that a person has stopped, or whose runner was killed, tells neither of an outage nor of its end. */
function saysNothing({ outcome, class: failureClass }: TaskEnd): boolean {
  return outcome === 'stopped' || failureClass === 'runner_died';
}

interface Moment {
  readonly limits: BreakerLimits;
  readonly now: number;
}

function cleared(breaker: Breaker): Breaker {
  return breaker.failed.length === 0 ? breaker : CLOSED;
}

function inARow(breaker: Breaker, end: TaskEnd, { limits, now }: Moment): Breaker {
  const before = breaker.class === end.class ? breaker.failed : [];
  const failed = [...before, failedRun(end)];
  const row: Breaker = { ...CLOSED, class: end.class, message: end.message, failed };
  // One task that fails again and again may be its own fault.
  const tasks = new Set(failed.map(({ task }) => task)).size;
  if (tasks < limits.failures) return row;
  return { ...row, opened: { at: now, times: 1, until: now + limits.breakMs, told: false } };
}

function openedAgain(breaker: Breaker, end: TaskEnd, { limits, now }: Moment): Breaker {
  const times = (breaker.opened?.times ?? 0) + 1;
  const breakMs = Math.min(limits.breakMs * 2 ** (times - 1), Math.max(LONGEST_BREAK_MS, limits.breakMs));
  return {
    class: end.class,
    message: end.message,
    failed: [...breaker.failed, failedRun(end)],
    opened: { at: breaker.opened?.at ?? now, times, until: now + breakMs, told: false },
    trial: null,
  };
}

function failedRun({ task, run }: TaskEnd): FailedRun {
  return { task, run };
}

/** Whether the break is over and nothing is tried yet, so that one task may be. */
export function wantsTrial({ opened, trial }: Breaker, now: number): boolean {
  return opened !== null && trial === null && opened.until <= now;
}

/** Why tasks are held up, in words; made of clean parts. @param isOfFleet whether all hosts wait */
export function breakerWords(
  { class: failureClass, message, failed, opened, trial }: Breaker,
  { isOfFleet }: { readonly isOfFleet: boolean },
): string {
  const tasks = new Set(failed.map(({ task }) => task)).size;
  const row = `${isOfFleet ? 'all hosts wait: ' : ''}${tasks} tasks in a row ended with ${failureClass ?? 'a failure'}: ${message ?? ''}`;
  const again = (opened?.times ?? 1) > 1 ? `, and so did the one that was tried` : '';
  return trial === null ? `${row}${again}; one task is tried then` : `${row}; ${trial} is being tried`;
}
