import type { QueueItem } from './queue-item.ts';

/** What is to be known of a finished task when there are thousands. */
export interface EndedTask {
  readonly id: string;
  /** The issue; null for a task of the PM agent. */
  readonly ref: string | null;
  /** The host that had it last; null when that is not known, as in a queue that belongs to one home. */
  readonly host: string | null;
  /** When it was finished, in milliseconds since the epoch. */
  readonly at: number;
  /** How it ended: `ok`, or the class of the failure. */
  readonly how: string;
  /** From when it was queued, or was to begin, to its first attempt; null when that is not known. */
  readonly waitMs: number | null;
  /** From the first attempt to the end; null when that is not known. */
  readonly runMs: number | null;
}

/** When a finished task was finished, in milliseconds since the epoch. */
export function finishedAt({ finished_at, created_at }: QueueItem): number {
  return Date.parse(finished_at ?? created_at);
}

/** What is kept of a finished task. One of 0.1.0 does not say when it began. */
export function endedTask(item: QueueItem): EndedTask {
  const begun = Date.parse(item.begun_at ?? '');
  return {
    id: item.id,
    ref: item.issue_ref,
    host: item.host ?? null,
    at: finishedAt(item),
    how: item.state === 'completed' ? 'ok' : (item.failure?.class ?? 'failed'),
    waitMs: waitOf(item),
    runMs: Number.isNaN(begun) ? null : Math.max(0, Date.parse(item.finished_at ?? '') - begun),
  };
}

/** How long a task waited from when it could begin to its first attempt, in milliseconds; null when that is not known. */
export function waitOf({
  begun_at: begun,
  created_at: made,
  retried_at: retried,
  not_before: earliest,
}: QueueItem): number | null {
  if (begun == null) return null;
  const couldBegin = Math.max(...[made, retried ?? made, earliest ?? made].map((time) => Date.parse(time)));
  return Math.max(0, Date.parse(begun) - couldBegin);
}
