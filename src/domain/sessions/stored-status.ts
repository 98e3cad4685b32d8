import * as z from 'zod/mini';
import { databaseStamp } from '../../adapters/opencode/places.ts';
import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import { AppError, unlessRefused } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { initFacts } from './init-status.ts';
import { lostSession } from './lost-session.ts';
import type { HomeSession } from './home-session-schema.ts';
import type { SessionStatus } from './session-status.ts';

type Needs = Pick<Context, 'home' | 'env' | 'opencode'>;

/** What opencode was last seen to have; as long as nothing is stored there, that still holds. */
const SeenSchema = z.object({ stamp: z.string(), ids: z.array(z.string()) });

/**
 * How ready kugetsu is, by its files and by what opencode has. Asking takes opencode a second; it is left out when its database
 * is as it was when it was asked last.
 */
export async function storedStatus(context: Needs): Promise<SessionStatus> {
  const { status, sessions } = await initFacts(context);
  if (sessions === undefined) return { status, problem: undefined };
  try {
    const lost = await firstLost(context, sessions);
    if (lost === undefined) return { status, problem: undefined };
    const word = lost.type === 'base' ? 'base_session_missing' : 'pm_agent_missing';
    return { status: word, problem: lostSession(lost) };
  } catch (error) {
    if (error instanceof AppError) return { status, problem: error };
    throw error;
  }
}

async function firstLost(context: Needs, sessions: readonly HomeSession[]): Promise<HomeSession | undefined> {
  const { home, env, opencode } = context;
  const ids = sessions.map(({ opencode_session_id: id }) => id);
  const stamp = databaseStamp(env);
  const seen = await readSeen(home.knownSessions);
  if (seen !== undefined && seen.stamp === stamp && ids.every((id) => seen.ids.includes(id))) return undefined;
  const stored = new Set((await opencode.describeSessions(ids)).map(({ id }) => id));
  const lost = sessions.find(({ opencode_session_id: id }) => !stored.has(id));
  if (lost === undefined && stamp !== undefined && stamp === databaseStamp(env)) {
    // A home that cannot be written is asked about each time.
    await replaceFile(home.knownSessions, `${JSON.stringify({ stamp, ids })}\n`).catch(unlessRefused);
  }
  return lost;
}

async function readSeen(path: string): Promise<z.infer<typeof SeenSchema> | undefined> {
  try {
    const text = await readTextIfExists(path);
    return text === undefined ? undefined : SeenSchema.parse(JSON.parse(text));
  } catch {
    // What cannot be read is made anew.
    return undefined;
  }
}
