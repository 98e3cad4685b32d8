import { isoMsWithOffset } from '../../util/time.ts';
import type { QueueItem } from './queue-item.ts';

/** Why something failed: a class, and a line for a person. */
export interface Cause {
  readonly class: string;
  readonly message: string;
  /** Whether no agent could begin. */
  readonly not_begun?: boolean;
}

/** Why a task ends that somebody does not want any more. */
export const CANCELLATION: Cause = { class: 'cancelled', message: 'it was cancelled' };

/** The task as it ends without success. What somebody has cancelled says so, however it ended. */
export function failed(item: QueueItem, failure: Cause, now: number): QueueItem {
  const cause: Cause = item.cancelled == null ? failure : { ...CANCELLATION, message: item.cancelled.message };
  const not_begun = cause.not_begun === true ? { not_begun: true } : {};
  return finished(
    { ...item, failure: { class: cause.class, message: cause.message, at: isoMsWithOffset(now), ...not_begun } },
    'error',
    now,
  );
}

/** The task at its end. */
export function finished(item: QueueItem, state: 'completed' | 'error', now: number): QueueItem {
  return { ...item, state, claimed_by: null, next_attempt_at: null, finished_at: isoMsWithOffset(now) };
}
