import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { readBase, readPmAgent } from './read-sessions.ts';

/** Where an opencode with this environment keeps its sessions: as opencode 1.18 chooses it. */
export function databaseOf(env: Context['env']): string {
  const data = env['XDG_DATA_HOME'] ?? '';
  const directory = `${data === '' ? `${env['HOME'] ?? ''}/.local/share` : data}/opencode`;
  const named = env['OPENCODE_DB'] ?? '';
  if (named === '') return `${directory}/opencode.db`;
  return named.startsWith('/') || named === ':memory:' ? named : `${directory}/${named}`;
}

/**
 * Nothing, when opencode keeps its sessions where it did at `init`, as far as that is known: in another place the base
 * session and those of the issues are not missing, they are elsewhere.
 *
 * @throws AppError `other_sessions` (exit code 3)
 */
export async function requireSameSessions(context: Pick<Context, 'home' | 'env'>): Promise<void> {
  const known = (await readBase(context).catch(() => undefined))?.opencode_database ?? undefined;
  const current = databaseOf(context.env);
  if (known === undefined || known === current) return;
  throw new AppError(
    'other_sessions',
    `this opencode uses other sessions than init did: its database is ${current}, at init it was ${known}`,
    {
      hint: 'set OPENCODE_DB and XDG_DATA_HOME as they were at init, or run: kugetsu init --force',
      exit: EXIT.notReady,
    },
  );
}

/** What made the sessions of a home that does not say: kugetsu 0.1.0 and the bash script knew no other opencode. */
const FIRST_MAJOR = 1;

/**
 * The major version of the opencode that made a home's sessions, which no other one can go on with; undefined when the home
 * has none, or none that can be read, which whoever needs them says.
 */
export async function sessionsMadeBy(context: Pick<Context, 'home'>): Promise<number | undefined> {
  const unreadable = (): undefined => undefined;
  const session = (await readBase(context).catch(unreadable)) ?? (await readPmAgent(context).catch(unreadable));
  return session === undefined ? undefined : (session.opencode_major ?? FIRST_MAJOR);
}
