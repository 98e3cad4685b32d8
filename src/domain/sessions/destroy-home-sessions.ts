import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { readBase, readPmAgent } from './read-sessions.ts';
import { changeSessions } from './session-store.ts';

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
