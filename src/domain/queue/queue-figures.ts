import { isFinished } from './advance.ts';
import { waitOf, type EndedTask } from './ended-task.ts';
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

/** The figures of these tasks. What does not say when it began counts for no time. */
export function queueFigures(open: readonly QueueItem[], ended: readonly EndedTask[]): QueueFigures {
  const outcomes = new Map<string, number>();
  for (const { how } of ended) outcomes.set(how, (outcomes.get(how) ?? 0) + 1);
  const unfinished = open.filter((item) => !isFinished(item));
  return {
    wait: durations([...unfinished.map(waitOf), ...ended.map(({ waitMs }) => waitMs)]),
    run: durations(ended.map(({ runMs }) => runMs)),
    outcomes: Object.fromEntries([...outcomes].toSorted(([, a], [, b]) => b - a)),
  };
}

function durations(given: readonly (number | null)[]): Durations {
  const sorted = given
    .filter((ms) => ms !== null)
    .filter((ms) => Number.isFinite(ms))
    .toSorted((a, b) => a - b);
  const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
  return { count: sorted.length, median_ms: at(0.5), p90_ms: at(0.9) };
}
