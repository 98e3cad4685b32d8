import type { Cause } from './end-task.ts';
import type { Child, QueueItem } from './queue-item.ts';

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
