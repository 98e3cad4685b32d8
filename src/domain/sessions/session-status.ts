import * as z from 'zod/mini';
import { databaseStamp } from '../../adapters/opencode/database-stamp.ts';
import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import { AppError, unlessRefused } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { initStatus, type InitStatus } from './init-status.ts';
import { lostSession } from './lost-session.ts';
import { readBase, readPmAgent } from './read-sessions.ts';
import type { HomeSession } from './session-schema.ts';

type Needs = Pick<Context, 'home' | 'env' | 'opencode'>;

/** The word for how ready kugetsu is, and what there is to say about it. */
interface SessionStatus {
  readonly status: InitStatus;
  /** A session that opencode has lost, or why it could not be asked; undefined when there is nothing to say. */
  readonly problem: AppError | undefined;
}

/** What opencode was last seen to have; as long as nothing is stored there, that still holds. */
const SeenSchema = z.object({ stamp: z.string(), ids: z.array(z.string()) });

/**
 * Whether kugetsu is initialised, by its files and by what opencode has. Where opencode cannot be asked the files' word
 * stands. Asking takes opencode a second; it is left out when its database is as it was when it was asked last.
 */
export async function sessionStatus(context: Needs): Promise<SessionStatus> {
  const status = await initStatus(context);
  const base = status === 'ok' ? await readBase(context) : undefined;
  const pmAgent = status === 'ok' ? await readPmAgent(context) : undefined;
  if (base === undefined || pmAgent === undefined) return { status, problem: undefined };
  const sessions = [base, pmAgent];
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
  const stamp = await databaseStamp(env);
  const seen = await readSeen(home.knownSessions);
  if (seen !== undefined && seen.stamp === stamp && ids.every((id) => seen.ids.includes(id))) return undefined;
  const stored = new Set((await opencode.describeSessions(ids)).map(({ id }) => id));
  const lost = sessions.find(({ opencode_session_id: id }) => !stored.has(id));
  if (lost === undefined && stamp !== undefined && stamp === (await databaseStamp(env))) {
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
