import { isoMsWithOffset } from '../../util/time.ts';
import type { Child, QueueItem } from './queue-item.ts';

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

/**
 * Why a PM task fails whose run has succeeded and whose children have all ended; undefined when it does not.
 *
 * - `child_failed`: an agent that it started did not do its work;
 * - `child_not_begun`: else, something that it started could not begin, and cannot any more;
 * - `child_stopped`: else, all that did not succeed was stopped or cancelled.
 */
export function whyChildrenFail({ children }: Pick<QueueItem, 'children'>): Cause | undefined {
  const bad = children.filter((child, index) => endedBadly(child) && !doneLater(child, children.slice(index + 1)));
  if (bad.length === 0) return undefined;
  const others = bad.filter(({ outcome }) => outcome !== 'stopped');
  if (others.length === 0) {
    return { class: 'child_stopped', message: `what the PM agent started was stopped: ${namesOf(bad)}` };
  }
  if (others.every(couldNotBegin)) {
    const message = `what the PM agent started could not begin, and cannot any more: ${namesOf(others)}`;
    return { class: 'child_not_begun', message };
  }
  const ends = bad.map((child) => `${namesOf([child])} (${child.outcome})`).join(', ');
  return { class: 'child_failed', message: `not everything that the PM agent started succeeded: ${ends}` };
}

function namesOf(children: readonly Child[]): string {
  return children.map(({ id, issue_ref: ref }) => ref ?? id).join(', ');
}

function endedBadly({ outcome, earlier }: Child): boolean {
  return outcome !== 'succeeded' && earlier !== true;
}

/** Of one issue the last word counts: the PM agent may have tried again what had failed. */
function doneLater({ issue_ref: ref }: Child, later: readonly Child[]): boolean {
  return later.some((child) => ref !== null && child.issue_ref === ref && child.outcome === 'succeeded');
}

/** A task that is gone is one of these; how a run ended that is gone is not known. */
function couldNotBegin({ kind, outcome, not_begun }: Child): boolean {
  return not_begun === true || (kind === 'item' && outcome === 'lost');
}
