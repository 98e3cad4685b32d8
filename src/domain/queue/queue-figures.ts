import { isFinished } from './advance.ts';
import type { QueueItem } from './queue-item.ts';

/** How long something took, in milliseconds. */
export interface Durations {
  readonly count: number;
  readonly median_ms: number | null;
  /** Nine of ten took no longer. */
  readonly p90_ms: number | null;
}

/** What can be said of many tasks together. */
export interface QueueFigures {
  /** From when a task was queued, or was to begin, to its first attempt. */
  readonly wait: Durations;
  /** From the first attempt to the end. */
  readonly run: Durations;
  /** How many ended in which way: `ok`, or the class of the failure. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** The figures of these tasks. Those of 0.1.0 do not say when they began, and count for no time. */
export function queueFigures(items: readonly QueueItem[]): QueueFigures {
  const begun = items.filter(({ begun_at: at }) => at != null);
  const outcomes = new Map<string, number>();
  for (const { state, failure } of items.filter(isFinished)) {
    const name = state === 'completed' ? 'ok' : (failure?.class ?? 'failed');
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
  }
  return {
    wait: durations(begun.map((item) => Date.parse(item.begun_at ?? '') - couldBegin(item))),
    run: durations(
      begun.filter(isFinished).map((item) => Date.parse(item.finished_at ?? '') - Date.parse(item.begun_at ?? '')),
    ),
    outcomes: Object.fromEntries([...outcomes].toSorted(([, a], [, b]) => b - a)),
  };
}

function couldBegin({ created_at: made, retried_at: retried, not_before: earliest }: QueueItem): number {
  return Math.max(...[made, retried ?? made, earliest ?? made].map((time) => Date.parse(time)));
}

function durations(given: readonly number[]): Durations {
  const sorted = given
    .filter((ms) => Number.isFinite(ms))
    .map((ms) => Math.max(0, ms))
    .toSorted((a, b) => a - b);
  const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
  return { count: sorted.length, median_ms: at(0.5), p90_ms: at(0.9) };
}
