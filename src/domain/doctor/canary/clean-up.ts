import { pathExists, realPath } from '../../../adapters/store/paths.ts';
import type { Context } from '../../context.ts';
import { formatIssueRef } from '../../issues/issue-ref.ts';
import { destroyIssue } from '../../work/destroy-issue.ts';
import { issueTitle } from '../../sessions/session-titles.ts';
import { readIssueSession } from '../../sessions/read-sessions.ts';
import { stopRun } from '../../work/stop-run.ts';
import { isLive } from '../../runs/run-state.ts';
import { type CanaryHome, CANARY_REF } from './canary-home.ts';

/**
 * Ends the canary's agent and removes its sessions and worktree, and the sessions of earlier canaries that were killed.
 *
 * @returns what is wrong afterwards; undefined when nothing is left
 */
export async function cleanUpCanary(real: Context, canary: CanaryHome | undefined): Promise<string | undefined> {
  if (canary !== undefined) await destroy(canary.context);
  const left = await sessionsOf(real);
  for (const { id } of left) await real.opencode.deleteSession(id);
  return (await sessionsOf(real)).length === 0 ? undefined : 'opencode still has a session of the canary';
}

async function destroy(context: Context): Promise<void> {
  const session = await readIssueSession(context, formatIssueRef(CANARY_REF));
  if (session === undefined) return;
  // It may have ended by itself in between.
  if (isLive(context.home, session.run)) await stopRun(context, formatIssueRef(CANARY_REF)).catch(() => undefined);
  await destroyIssue(context, CANARY_REF, async () => undefined);
}

/** Sessions of this home's canaries that are over: those of one that runs elsewhere have their directory. */
async function sessionsOf({ home, opencode }: Context): Promise<{ readonly id: string }[]> {
  const title = issueTitle(formatIssueRef(CANARY_REF));
  const runs = `${await realPath(home.runs)}/`;
  const found = (await opencode.sessionsTitled(title)).filter((session) => session.title === title);
  const own = found.filter(({ directory }) => directory.startsWith(runs));
  const there = await Promise.all(own.map(async ({ directory }) => pathExists(directory)));
  return own.filter((_, index) => there[index] !== true);
}
