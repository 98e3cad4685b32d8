import type { Context } from '../context.ts';
import { readBase, readIndex, readPmAgent } from './read-sessions.ts';

/** Whether kugetsu is ready; the words are those that scripts have always read. */
export type InitStatus = 'kugetsu_not_initialized' | 'base_session_missing' | 'pm_agent_missing' | 'ok';

/** What the state files say about `init`. opencode is not asked. */
export async function initStatus(context: Pick<Context, 'home'>): Promise<InitStatus> {
  if ((await readIndex(context)) === undefined) return 'kugetsu_not_initialized';
  if ((await readBase(context)) === undefined) return 'base_session_missing';
  if ((await readPmAgent(context)) === undefined) return 'pm_agent_missing';
  return 'ok';
}
