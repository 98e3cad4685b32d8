import { join } from 'node:path';
import { keepBeating } from '../../adapters/process/heartbeat.ts';
import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { standingOf, type Standing } from '../../adapters/process/standing.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import type { Context } from '../context.ts';
import { OwnerSchema } from './run-schema.ts';
import type { Reach } from './run-state.ts';

const OWNER_FILE = 'owner.json';
const OWNER_FORM = { schema: OwnerSchema, what: 'the owner of a run' };

/**
 * Writes down that this process answers for a run that no session or task records, as `init` has one, and lets other
 * containers and machines hear of it until the returned function is called.
 *
 * @param what what the run is for, in a few words
 */
export async function ownRun(
  { home }: Pick<Context, 'home'>,
  runId: string,
  what: string,
): Promise<() => Promise<void>> {
  await writeJsonFile(join(home.runs, runId, OWNER_FILE), ownIdentity());
  return keepBeating(home.heartbeats, what);
}

/** Whether nobody answers for the run that way, or somebody who is gone. A file that cannot be read says nothing. */
export async function isDeadOwner({ home }: Pick<Context, 'home'>, runId: string): Promise<boolean> {
  try {
    const owner = await readJsonFile(join(home.runs, runId, OWNER_FILE), OWNER_FORM);
    return owner === undefined || DEAD.has(standingOf(owner, home.heartbeats));
  } catch {
    return true;
  }
}

/** The runs that were owned that way by processes that are gone; with `takeOver` also by those of which nothing is heard. */
export async function orphanedRuns(context: Pick<Context, 'home'>, { takeOver }: Reach): Promise<string[]> {
  return runsWhoseOwner(context, (standing) => (takeOver ? DEAD.has(standing) : standing === 'gone'));
}

/** The runs that processes own that way and that are alive, here or elsewhere. */
export async function ownedRuns(context: Pick<Context, 'home'>): Promise<string[]> {
  return runsWhoseOwner(context, (standing) => !DEAD.has(standing));
}

const DEAD: ReadonlySet<Standing> = new Set(['gone', 'silent']);

async function runsWhoseOwner(
  { home }: Pick<Context, 'home'>,
  condition: (standing: Standing) => boolean,
): Promise<string[]> {
  const ids: string[] = [];
  for (const id of await listDirectory(home.runs)) {
    const owner = await readJsonFile(join(home.runs, id, OWNER_FILE), OWNER_FORM).catch(() => undefined);
    if (owner !== undefined && condition(standingOf(owner, home.heartbeats))) ids.push(id);
  }
  return ids;
}
