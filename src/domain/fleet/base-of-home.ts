import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../queue/context.ts';
import type { HomeSession } from '../sessions/home-session-schema.ts';
import { readBase } from '../sessions/read-sessions.ts';
import { changeSessions } from '../sessions/session-store.ts';

/** Which version of its fleet's base a home has; null when its base is its own, or it has none that can be read. */
export async function versionOfBase(context: Pick<Context, 'home'>): Promise<number | null> {
  const base = await readBase(context).catch(() => undefined);
  return base === undefined ? null : versionIn(base);
}

function versionIn({ fleet_base: known, opencode_session_id: id }: HomeSession): number | null {
  return known?.session === id ? known.version : null;
}

/** The base becomes the home's own: the versions of another fleet count anew. */
export async function forgetBase(context: Pick<Context, 'home'>): Promise<void> {
  if ((await readBase(context).catch(() => undefined))?.fleet_base === undefined) return;
  await changeSessions(context, async (changes) => {
    const base = await readBase(context);
    if (base === undefined) return;
    const { fleet_base: _known, ...own } = base;
    await changes.putHomeSession(own);
  });
}

/** Whether a version of the fleet's base is newer than what this home has had of it. */
export async function isNewer(context: Pick<Context, 'home'>, version: number): Promise<boolean> {
  const base = await readBase(context).catch(() => undefined);
  return base !== undefined && version > (base.fleet_base?.version ?? 0);
}

/** The base session. @throws AppError `base_session_missing` (exit code 3) */
export async function requireBase(context: Context): Promise<HomeSession> {
  const base = await readBase(context);
  if (base !== undefined) return base;
  throw new AppError('base_session_missing', 'this home has no base session', {
    hint: 'run: kugetsu init',
    exit: EXIT.notReady,
  });
}
