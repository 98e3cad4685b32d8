import { realPath } from '../../adapters/store/paths.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { isoWithOffset } from '../../util/time.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { databaseOf } from './same-opencode.ts';
import { unattendedRights } from '../settings/unattended-rights.ts';
import { forkOf } from './lost-session.ts';
import type { HomeSession } from './home-session-schema.ts';
import { PM_AGENT_TITLE } from './session-titles.ts';
import { readBase, readPmAgent } from './read-sessions.ts';
import { changeSessions } from './session-store.ts';

/** The PM agent's session: it begins with what the base knows, in a directory of its own, away from every checkout. */
export async function makePmAgent(context: Context, base: HomeSession): Promise<HomeSession> {
  await makePrivateDirectory(context.home.pmAgentDirectory);
  const directory = await realPath(context.home.pmAgentDirectory);
  const id = await forkOf(context, base, {
    title: PM_AGENT_TITLE,
    directory,
    rights: await unattendedRights(context),
  });
  return newHomeSession(context, { type: 'pm_agent', id, directory, model: base.model ?? null });
}

interface NewHomeSession {
  readonly type: HomeSession['type'];
  readonly id: string;
  readonly directory: string;
  readonly model: string | null;
}

/** The record of a base session or a PM agent. */
export async function newHomeSession(
  { clock, env, opencode }: Pick<Context, 'clock' | 'env' | 'opencode'>,
  { type, id, directory, model }: NewHomeSession,
): Promise<HomeSession> {
  const { major } = await opencode.probe();
  return {
    type,
    opencode_session_id: id,
    worktree_path: null,
    created_at: isoWithOffset(clock.now()),
    state: 'idle',
    model,
    directory,
    opencode_database: databaseOf(env),
    opencode_major: major,
  };
}

/** The new session, which knows the earlier ones: they are still in opencode. What a home has had of its fleet stays known, too. */
export function succeeding(before: HomeSession | undefined, session: HomeSession): HomeSession {
  if (before === undefined) return session;
  const { previous_session_ids: older = [], opencode_session_id: id, fleet_base: known } = before;
  return { ...(known === undefined ? {} : { fleet_base: known }), ...session, previous_session_ids: [...older, id] };
}

/**
 * Deletes the PM agent's session, and with `base` the base session too: the PM agent is nothing without it. Sessions of
 * issues stay; they are copies.
 *
 * @returns the ids of the deleted opencode sessions
 * @throws AppError `no_session` when there is nothing to delete
 */
export async function destroyHomeSessions(context: Context, which: 'base' | 'pm_agent'): Promise<string[]> {
  const pmAgent = await readPmAgent(context);
  const base = which === 'base' ? await readBase(context) : undefined;
  const doomed = [pmAgent, base].filter((session) => session !== undefined);
  if (doomed.length === 0) {
    throw new AppError('no_session', `there is no ${which === 'base' ? 'base session' : 'PM agent session'}`, {
      hint: 'run: kugetsu status',
    });
  }
  const deleted: string[] = [];
  for (const { type, opencode_session_id: id } of doomed) {
    await context.opencode.deleteSession(id);
    await changeSessions(context, async (changes) => changes.removeHomeSession(type));
    deleted.push(id);
  }
  return deleted;
}
