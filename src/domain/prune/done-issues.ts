import { mergedInto } from '../../adapters/git/merged.ts';
import { pathExists } from '../../adapters/store/paths.ts';
import { wordsOf } from '../../util/errors.ts';
import { plural } from '../../util/text.ts';
import type { Text } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { SHORT_LOCK_WAIT_MS, withFetchedRepository } from '../worktrees/repository.ts';
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

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

/**
 * Which of these issues are merged upstream: one fetch for each repository, then git is asked. A repository that cannot
 * be fetched is a problem, and its issues are not merged.
 */
export async function mergedIssues(
  context: Needs,
  sessions: readonly IssueSession[],
  problems: Text[],
): Promise<Map<string, Merged>> {
  const found = new Map<string, Merged>();
  for (const [path, own] of byRepository(sessions)) {
    const [first] = own;
    if (first === undefined || !(await pathExists(path))) continue;
    const at = { path, ref: parseIssueRef(first.issue_ref), waitMs: SHORT_LOCK_WAIT_MS };
    const look = async ({ start: target }: { readonly start: string }): Promise<void> => {
      for (const session of own) {
        const how = await mergedOf(context, { session, repository: path, target });
        if (how !== undefined) found.set(session.issue_ref, how);
      }
    };
    await withFetchedRepository(context, at, look).catch((error: unknown) => problems.push(wordsOf(error)));
  }
  return found;
}

function byRepository(sessions: readonly IssueSession[]): Map<string, IssueSession[]> {
  const groups = new Map<string, IssueSession[]>();
  for (const session of sessions) {
    if (session.repository === null) continue;
    groups.set(session.repository, [...(groups.get(session.repository) ?? []), session]);
  }
  return groups;
}

interface Question {
  readonly session: IssueSession;
  readonly repository: string;
  readonly target: string;
}

async function mergedOf({ env }: Needs, { session, repository, target }: Question): Promise<Merged | undefined> {
  const { branch, start_commit: start } = session;
  return start === null ? undefined : mergedInto({ repository, branch, start, target, env });
}
