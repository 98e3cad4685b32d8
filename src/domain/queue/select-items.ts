import { LONGEST_WAIT_MS } from './advance.ts';
import type { QueueItem } from './queue-item.ts';

interface Selection {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Agent slots that no development run has taken. */
  readonly freeSlots: number;
  /** PM runs that have not ended. */
  readonly livePmRuns: number;
  /** Issues that an agent is at work on. */
  readonly busyIssues: ReadonlySet<string>;
}

/**
 * The tasks to dispatch now, oldest first, no more than there are free slots. A development task needs a slot and its
 * issue free; tasks of one issue keep their order, so one that waits for its next attempt holds back the later ones. A PM
 * task needs that fewer PM runs are alive than slots are free.
 *
 * @param items the tasks that are not finished, oldest first
 */
export function selectItems(
  items: readonly QueueItem[],
  { now, freeSlots, livePmRuns, busyIssues }: Selection,
): QueueItem[] {
  const taken = new Set([...busyIssues, ...atWorkOn(items)]);
  const selected: QueueItem[] = [];
  let pmRuns = livePmRuns;
  let slots = freeSlots;
  for (const item of items) {
    const { type, issue_ref: ref, state } = item;
    if (type === 'issue') {
      if (ref === null || taken.has(ref)) continue;
      taken.add(ref);
      if (!isDue(item, now) || slots <= 0) continue;
      slots -= 1;
      selected.push(item);
    } else if (state === 'pending' && isDue(item, now) && pmRuns < slots) {
      pmRuns += 1;
      selected.push(item);
    }
  }
  return selected.slice(0, Math.max(0, freeSlots));
}

/** The issues of tasks that are claimed, wherever in the order they stand: clocks that disagree can put a later one first. */
function atWorkOn(items: readonly QueueItem[]): string[] {
  return items.filter(({ state }) => state === 'notified').flatMap(({ issue_ref: ref }) => (ref === null ? [] : [ref]));
}

/**
 * When the next task that waits for its next attempt becomes due, in milliseconds since the epoch. Those that are due
 * already wait for a slot, and a slot that becomes free is news of its own.
 */
export function nextDue(items: readonly QueueItem[], now: number): number | undefined {
  const times = items
    .filter(({ state, next_attempt_at: at }) => state === 'pending' && at !== null)
    .map(({ next_attempt_at: at }) => Date.parse(at ?? ''))
    .filter((time) => time > now);
  return times.length === 0 ? undefined : Math.min(...times);
}

function isDue({ next_attempt_at: at }: QueueItem, now: number): boolean {
  if (at === null) return true;
  const wait = Date.parse(at) - now;
  // Nobody waits longer than the longest backoff: a clock that was set back must not hold a task up for days.
  return wait <= 0 || wait > LONGEST_WAIT_MS;
}
