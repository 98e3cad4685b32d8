import { modifiedAt } from '../../adapters/store/paths.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../queue/context.ts';
import type { IssueNote } from '../queue/fleet.ts';
import { abandonedVerdict } from '../runs/abandoned.ts';
import { elsewhereOf, type Elsewhere } from '../runs/elsewhere.ts';
import type { Run } from '../runs/run-schema.ts';
import { isGone, endedRun } from '../runs/run-state.ts';
import type { HomeSession } from '../sessions/home-session-schema.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { isAttached, isBeingDestroyed } from '../sessions/session-busy.ts';
import { readBase, readIssueSessions, readPmAgent } from '../sessions/read-sessions.ts';
import { ActivityReader, type Activity } from './activity.ts';

/** A tracked session as it is listed; `state` is `idle`, the phase of the run that is on, `attached` to a person's terminal, or `destroying`. */
export interface ListedSession {
  readonly issue_ref: string;
  readonly type: 'base' | 'pm_agent' | 'forked';
  readonly session_id: string | null;
  readonly worktree: string | null;
  readonly branch: string | null;
  readonly state: string;
  readonly created_at: string;
  /** When its agent last did something that its log tells, or when the session was made. */
  readonly last_activity: string;
  readonly run: Run | null;
  /** Where the run is on, when it cannot be seen from here, and whether it is still heard of; null for any other. */
  readonly elsewhere: Elsewhere | null;
  /** What its agent does; null when none is at work. */
  readonly activity: Activity | null;
  /** The host that has it; missing when the home is in no fleet. */
  readonly host?: string;
  /** What another host has told of it, null when it has told nothing; missing for the sessions of this home. */
  readonly told?: IssueNote | null;
  /** The host that its issue goes on at, of a session here that was left behind. */
  readonly moved_to?: string;
}

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'queue'>;

/**
 * Base, PM agent and the issues' sessions. Nothing is settled: a run that died unnoticed is shown as it will be.
 *
 * @param activities what was read of agents before
 * @throws AppError `corrupt_file`
 */
export async function readSessions(
  context: Needs,
  activities: ActivityReader = new ActivityReader(context),
): Promise<ListedSession[]> {
  const homeSessions = [await readBase(context), await readPmAgent(context)].filter((session) => session !== undefined);
  const issues = (await readIssueSessions(context)).map((session) => asSettled(context, session));
  return [
    ...homeSessions.map(listedHomeSession),
    ...(await Promise.all(issues.map(async (session) => listedIssueSession(context, session, activities)))),
  ];
}

async function listedIssueSession(
  context: Needs,
  session: IssueSession,
  activities: ActivityReader,
): Promise<ListedSession> {
  return {
    issue_ref: session.issue_ref,
    type: session.type,
    session_id: session.opencode_session_id,
    worktree: session.worktree_path,
    branch: session.branch,
    state: stateOf(context, session),
    created_at: session.created_at,
    last_activity: await lastActivity(session),
    run: session.run,
    elsewhere: elsewhereOf(context.home, session.run),
    activity: await activities.read(session.run),
  };
}

function stateOf({ home }: Needs, session: IssueSession): string {
  if (isBeingDestroyed(home, session)) return 'destroying';
  return isAttached(home, session) ? 'attached' : session.state;
}

async function lastActivity({ created_at: created, run }: IssueSession): Promise<string> {
  if (run === null) return created;
  if (run.ended_at !== null) return run.ended_at;
  const logged = await modifiedAt(run.log);
  return logged === undefined ? (run.working_at ?? run.requested_at) : isoWithOffset(logged);
}

function asSettled({ home, clock }: Needs, session: IssueSession): IssueSession {
  const { run } = session;
  return isGone(home, run)
    ? {
        ...session,
        state: 'idle',
        run: endedRun(run, abandonedVerdict(run.kind, { began: run.taken_over === true, evidence: null }), clock.now()),
      }
    : session;
}

function listedHomeSession(session: HomeSession): ListedSession {
  return {
    issue_ref: session.type === 'base' ? '(base)' : '(pm-agent)',
    type: session.type,
    session_id: session.opencode_session_id,
    worktree: null,
    branch: null,
    state: session.state,
    created_at: session.created_at,
    last_activity: session.created_at,
    run: null,
    elsewhere: null,
    activity: null,
  };
}
