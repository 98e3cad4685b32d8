import { isoMsWithOffset } from '../../util/time.ts';
import type { QueueItem } from './queue-item.ts';

/** Why something failed: a class, and a line for a person. */
export interface Cause {
  readonly class: string;
  readonly message: string;
}

/** Why a task ends that somebody does not want any more. */
export const CANCELLATION: Cause = { class: 'cancelled', message: 'it was cancelled' };

/** The task as it ends without success. What somebody has cancelled says so, however it ended. */
export function failed(item: QueueItem, failure: Cause, now: number): QueueItem {
  const cause = item.cancelled == null ? failure : { ...CANCELLATION, message: item.cancelled.message };
  return finished(
    { ...item, failure: { class: cause.class, message: cause.message, at: isoMsWithOffset(now) } },
    'error',
    now,
  );
}

/** The task at its end. */
export function finished(item: QueueItem, state: 'completed' | 'error', now: number): QueueItem {
  return { ...item, state, claimed_by: null, next_attempt_at: null, finished_at: isoMsWithOffset(now) };
}
