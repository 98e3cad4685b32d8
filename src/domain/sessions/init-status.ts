import type { Context } from '../context.ts';
import type { HomeSession } from './home-session-schema.ts';
import { readHomeSessionFile, readIndexFile } from './session-files.ts';

/** Whether kugetsu is ready; the words are those that scripts have always read. */
export type InitStatus = 'kugetsu_not_initialized' | 'base_session_missing' | 'pm_agent_missing' | 'ok';

/** What the state files say about `init`, and the sessions that it has made if all is there. */
type InitFacts =
  | { readonly status: Exclude<InitStatus, 'ok'>; readonly sessions?: undefined }
  | { readonly status: 'ok'; readonly sessions: readonly [base: HomeSession, pmAgent: HomeSession] };

/** What the state files say about `init`. opencode is not asked. */
export async function initStatus(context: Pick<Context, 'home'>): Promise<InitStatus> {
  return (await initFacts(context)).status;
}

/** The same with the sessions; each file is read once. */
export async function initFacts({ home }: Pick<Context, 'home'>): Promise<InitFacts> {
  const index = await readIndexFile(home);
  if (index === undefined) return { status: 'kugetsu_not_initialized' };
  const base = index.base === null ? undefined : await readHomeSessionFile(home, 'base');
  if (base === undefined) return { status: 'base_session_missing' };
  const pmAgent = index.pm_agent === null ? undefined : await readHomeSessionFile(home, 'pm_agent');
  return pmAgent === undefined ? { status: 'pm_agent_missing' } : { status: 'ok', sessions: [base, pmAgent] };
}
