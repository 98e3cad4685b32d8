import { plural } from '../../util/text.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import type { DoneIssue } from './prune-facts.ts';
import type { StoredState, Tracked } from './tracked.ts';

/** Which issues are wanted among those that are done; with both, both must hold. Without any, none is. */
export interface DoneCriteria {
  readonly olderThanDays: number | undefined;
  readonly merged: boolean;
}

/** How an issue's work came into origin's default branch. */
export type Merged = 'merged' | 'contained';

const DAY_MS = 24 * 60 * 60_000;

/**
 * The issues that are done as far as files tell, before anybody has looked for merges: their last run has ended, long
 * enough ago when an age is asked for, and no task waits for them.
 */
export function endedIssues(
  { issues }: Pick<StoredState, 'issues'>,
  tracked: Tracked,
  { olderThanDays, merged, now }: DoneCriteria & { readonly now: number },
): DoneIssue[] {
  if (olderThanDays === undefined && !merged) return [];
  return issues.flatMap(({ ref, session }) => {
    const endedMs = session === undefined || !isOver(session, tracked, ref) ? Number.NaN : endOf(session);
    if (session === undefined || Number.isNaN(endedMs)) return [];
    const days = Math.floor((now - endedMs) / DAY_MS);
    if (olderThanDays !== undefined && now - endedMs <= olderThanDays * DAY_MS) return [];
    return [{ session, reason: `its last run ended ${days === 0 ? 'today' : `${plural(days, 'day')} ago`}` }];
  });
}

/** Those whose work is known to be in origin's default branch. */
export function withMerge(done: readonly DoneIssue[], merged: ReadonlyMap<string, Merged>): DoneIssue[] {
  return done.flatMap(({ session, reason }) => {
    const how = merged.get(session.issue_ref);
    if (how === undefined) return [];
    const where = how === 'merged' ? 'its branch is merged' : 'its changes are in the default branch of origin';
    return [{ session, reason: `${where}; ${reason}` }];
  });
}

function isOver({ run }: IssueSession, tracked: Tracked, ref: string): boolean {
  return run !== null && run.phase === 'ended' && !tracked.unsettledRefs.has(ref) && !tracked.waitingRefs.has(ref);
}

function endOf({ run }: IssueSession): number {
  return Date.parse(run?.ended_at ?? '');
}
