import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { readBase } from './read-sessions.ts';

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
