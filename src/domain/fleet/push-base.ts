import type { Context } from '../queue/context.ts';
import { readBase } from '../sessions/read-sessions.ts';
import { requireSameSessions } from '../sessions/same-opencode.ts';
import { changeSessions } from '../sessions/session-store.ts';
import { requireBase } from './base-of-home.ts';
import { addBase, BASE_LIMITS, noteBase } from './base-rows.ts';
import { withFleet } from './member.ts';

/**
 * Makes what this home's base session knows the base of all hosts, without what no copy of it is to have.
 *
 * @returns its version
 * @throws AppError `no_fleet`, `base_session_missing`, `other_sessions`, `session_too_large`, `opencode_unsupported`, `queue_unreachable`
 */
export async function pushBase(context: Context): Promise<number> {
  return withFleet(context, async (database, { host, home }) => {
    await requireSameSessions(context);
    const base = await requireBase(context);
    const { opencode_session_id: id, model = null, fleet_base: known } = base;
    const after = known?.version ?? 0;
    const { major } = await context.opencode.probe();
    const packed = await context.opencode.packSession(id, BASE_LIMITS);
    const version = await addBase(database, { packed, by_host: host, model, opencode_major: major, after });
    await changeSessions(context, async (changes) => {
      const now = await readBase(context);
      if (now?.opencode_session_id === id)
        await changes.putHomeSession({ ...now, fleet_base: { version, session: id } });
    });
    await noteBase(database, { host, home, version });
    return version;
  });
}
