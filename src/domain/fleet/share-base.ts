import type { Context } from '../queue/context.ts';
import { readBase, readPmAgent } from '../sessions/read-sessions.ts';
import { requireSameSessions } from '../sessions/same-opencode.ts';
import { changeSessions } from '../sessions/session-store.ts';
import { requireBase } from './base-of-home.ts';
import { addBase, BASE_LIMITS, noteBase, newestBase, packedBase, type FleetBase } from './base-rows.ts';
import { withFleet } from './member.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { HomeSession } from '../sessions/home-session-schema.ts';
import { makePmAgent, newHomeSession, succeeding } from '../sessions/home-sessions.ts';
import { BASE_TITLE } from '../sessions/session-titles.ts';
import { unattendedRights } from '../settings/unattended-rights.ts';

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

/** What became of a base that was taken. */
export interface Taken extends Pick<FleetBase, 'version' | 'by_host'> {
  /** The sessions that the home has now. */
  readonly base: string;
  readonly pmAgent: string;
  /** The base session that it had; opencode still has it. */
  readonly replaced: string;
}

/**
 * Makes the newest base of the fleet the one of this home, and a PM agent that knows it. Agents at work go on with what they know;
 * until all of it is there the home has its old sessions.
 *
 * @throws AppError `no_fleet`, `no_fleet_base`, `base_session_missing` before `init`, `other_opencode` (exit code 3) for one of
 * another opencode, `overtaken` when the base was changed meanwhile, `queue_unreachable`, and what opencode says
 */
export async function pullBase(context: Context): Promise<Taken> {
  return withFleet(context, async (database, { host, home }) => {
    const newest = await newestBase(database);
    const packed = newest === undefined ? undefined : await packedBase(database, newest.version);
    if (newest === undefined || packed === undefined) throw noBase();
    const taken = await takeBase(context, newest, packed);
    await noteBase(database, { host, home, version: newest.version });
    return taken;
  });
}

async function takeBase(context: Context, fleet: FleetBase, packed: Uint8Array): Promise<Taken> {
  const { opencode } = context;
  await requireSameSessions(context);
  const before = await requireBase(context);
  await requireMajor(context, fleet);
  const directory = before.directory ?? (await directoryOf(context, before)) ?? context.cwd;
  const wanted = { title: BASE_TITLE, directory, rights: await unattendedRights(context) };
  const id = await opencode.unpackSession(packed, BASE_LIMITS, wanted);
  const remove = async (session: string): Promise<void> => opencode.deleteSession(session).catch(() => undefined);
  const fresh = await newHomeSession(context, { type: 'base', id, directory, model: before.model ?? null });
  const base = { ...fresh, fleet_base: { version: fleet.version, session: id } };
  const pmAgent = await makePmAgent(context, base).catch(async (error: unknown) => {
    await remove(id);
    throw error;
  });
  const { opencode_session_id: pm } = pmAgent;
  if (!(await putBoth(context, { before, base, pmAgent }))) {
    for (const session of [pm, id]) await remove(session);
    throw overtaken();
  }
  return {
    version: fleet.version,
    by_host: fleet.by_host,
    base: id,
    pmAgent: pm,
    replaced: before.opencode_session_id,
  };
}

interface Replacing {
  readonly before: HomeSession;
  readonly base: HomeSession;
  readonly pmAgent: HomeSession;
}

/**
 * The PM agent comes first: a home whose process dies in between has its old base, and takes the new one again.
 *
 * @returns false when somebody else was quicker, and nothing was changed
 */
async function putBoth(context: Context, { before, base, pmAgent }: Replacing): Promise<boolean> {
  return changeSessions(context, async (changes) => {
    const now = await readBase(context);
    if (now?.opencode_session_id !== before.opencode_session_id) return false;
    await changes.putHomeSession(succeeding(await readPmAgent(context), pmAgent));
    await changes.putHomeSession(succeeding(now, base));
    return true;
  });
}

async function directoryOf(
  { opencode }: Context,
  { opencode_session_id: id }: HomeSession,
): Promise<string | undefined> {
  return (await opencode.describeSessions([id]))[0]?.directory;
}

async function requireMajor(
  { opencode }: Context,
  { version, by_host: host, opencode_major: made }: FleetBase,
): Promise<void> {
  const { major } = await opencode.probe();
  if (made === major) return;
  throw new AppError(
    'other_opencode',
    `base ${version} of the fleet was made by opencode ${made} on host ${host}, and here is opencode ${major}`,
    {
      hint: `install opencode ${made} here, or on a host that has opencode ${major}, run: kugetsu fleet base push`,
      exit: EXIT.notReady,
    },
  );
}

function noBase(): AppError {
  return new AppError('no_fleet_base', 'no host has pushed its base session to the fleet', {
    hint: 'on the host whose base all are to have, run: kugetsu fleet base push',
  });
}

function overtaken(): AppError {
  return new AppError('overtaken', "this home's base session was replaced meanwhile", {
    hint: 'run: kugetsu fleet base pull',
    exit: EXIT.busy,
  });
}
