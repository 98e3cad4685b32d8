import { keepBeating } from '../../adapters/process/heartbeat.ts';
import { isOwn, ownIdentity } from '../../adapters/process/process-identity.ts';
import { AppError, unlessRefused } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../queue/context.ts';
import type { Evidence } from '../runs/run-schema.ts';
import { isLive } from '../runs/run-state.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { updateIssueSession } from '../sessions/session-store.ts';
import { notTracked, whileFree } from './claim-issue.ts';
import { gatherEvidence } from './evidence.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { stopRun } from './stop-run.ts';
import type { Workplace } from './workplace.ts';

/**
 * Opens opencode's own terminal interface on an issue's session, in its worktree, until the person leaves it. Nothing else
 * begins on the issue meanwhile.
 *
 * @param stop whether an agent that is at work there is ended first
 * @returns what the worktree has to show afterwards; null when git cannot tell
 * @throws AppError `busy` (exit code 4) when an agent is at work there, `no_session` when it has no session yet
 */
export async function attach(
  context: Context,
  { ref, path }: Workplace,
  { stop }: { readonly stop: boolean },
): Promise<Evidence | null> {
  await context.opencode.probe();
  await endAgent(context, ref, stop);
  const stopBeating = await keepBeating(context.home.heartbeats, `attached to ${ref}`);
  try {
    const session = await lockForPerson(context, ref);
    // What a repository configures is for its agents only if the user says so, and no more for a person's terminal there.
    const { AGENT_PROJECT_CONFIG: projectConfig } = await context.settings();
    await context.opencode.attach({ session, directory: path, projectConfig });
  } finally {
    await updateIssueSession(context, ref, (current) =>
      current.attached && isOwn(current.attached) ? { ...current, attached: null } : undefined,
    ).catch(unlessRefused);
    await stopBeating();
  }
  const session = await readIssueSession(context, ref);
  return session === undefined ? null : gatherEvidence(context, session);
}

async function endAgent(context: Context, ref: string, stop: boolean): Promise<void> {
  await reconcileRuns(context, { takeOver: true });
  const run = (await readIssueSession(context, ref))?.run ?? null;
  if (!isLive(context.home, run)) return;
  if (stop) await stopRun(context, ref);
  else {
    throw new AppError('busy', `an agent is at work on ${ref} (run ${run.id})`, {
      hint: `to end it first, run: kugetsu attach ${ref} --stop; to watch it, run: kugetsu logs ${ref} -f`,
      exit: EXIT.busy,
    });
  }
}

/** @returns the id of the session in opencode */
async function lockForPerson(context: Context, ref: string): Promise<string> {
  return whileFree(context, ref, async (changes, session) => {
    if (session === undefined) throw notTracked(ref);
    const id = session.opencode_session_id;
    if (id === null) {
      throw new AppError('no_session', `${ref} has no session yet: its start did not get that far`, {
        hint: `run: kugetsu start ${ref} MESSAGE`,
      });
    }
    await changes.putIssue({ ...session, attached: { ...ownIdentity() } });
    return id;
  });
}
