import type { Context } from '../context.ts';
import { reconcileRuns } from '../runs/reconcile-runs.ts';
import type { Run } from '../runs/run-schema.ts';
import type { CoordinatorSession } from './session-schema.ts';
import { readBase, readIssueSessions, readPmAgent } from './read-sessions.ts';

/** A tracked session as it is listed; `state` is `idle`, or the phase of the run that is on. */
export interface ListedSession {
  readonly issue_ref: string;
  readonly type: 'base' | 'pm_agent' | 'forked';
  readonly session_id: string | null;
  readonly worktree: string | null;
  readonly branch: string | null;
  readonly state: string;
  readonly created_at: string;
  readonly run: Run | null;
}

/** Base, PM agent and the issues' sessions. Runs that died unnoticed are settled first, so that what is listed is true. */
export async function listSessions(
  context: Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory'>,
): Promise<ListedSession[]> {
  await reconcileRuns(context);
  const coordinators = [await readBase(context), await readPmAgent(context)].filter((session) => session !== undefined);
  const issues = await readIssueSessions(context);
  return [
    ...coordinators.map(listedCoordinator),
    ...issues.map((session) => ({
      issue_ref: session.issue_ref,
      type: session.type,
      session_id: session.opencode_session_id,
      worktree: session.worktree_path,
      branch: session.branch,
      state: session.state,
      created_at: session.created_at,
      run: session.run,
    })),
  ];
}

function listedCoordinator(session: CoordinatorSession): ListedSession {
  return {
    issue_ref: session.type === 'base' ? '(base)' : '(pm-agent)',
    type: session.type,
    session_id: session.opencode_session_id,
    worktree: null,
    branch: null,
    state: session.state,
    created_at: session.created_at,
    run: null,
  };
}
