import { join } from 'node:path';
import { isAlive, ownIdentity } from '../../adapters/process/process-identity.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import type { Context } from '../context.ts';
import { OwnerSchema } from './owner-schema.ts';
import type { Run } from './run-schema.ts';

const OWNER_FILE = 'owner.json';
const OWNER_FORM = { schema: OwnerSchema, what: 'the owner of a run' };

/** Writes down that this process answers for a run that no session or task records, as `init` has one. */
export async function ownRun({ home }: Pick<Context, 'home'>, runId: string): Promise<void> {
  await writeJsonFile(join(home.runs, runId, OWNER_FILE), ownIdentity());
}

/** Whether nobody answers for the run that way, or somebody who is gone. A file that cannot be read says nothing. */
export async function isDeadOwner({ home }: Pick<Context, 'home'>, runId: string): Promise<boolean> {
  try {
    const owner = await readJsonFile(join(home.runs, runId, OWNER_FILE), OWNER_FORM);
    return owner === undefined || !isAlive(owner);
  } catch {
    return true;
  }
}

/** The runs that were owned that way by processes that are gone. */
export async function orphanedRuns(context: Pick<Context, 'home'>): Promise<string[]> {
  return runsWhoseOwner(context, (owner) => !isAlive(owner));
}

/** The runs that processes own that way and that are alive. */
export async function ownedRuns(context: Pick<Context, 'home'>): Promise<string[]> {
  return runsWhoseOwner(context, isAlive);
}

async function runsWhoseOwner(
  { home }: Pick<Context, 'home'>,
  condition: (owner: Run['owner']) => boolean,
): Promise<string[]> {
  const ids: string[] = [];
  for (const id of await listDirectory(home.runs)) {
    const owner = await readJsonFile(join(home.runs, id, OWNER_FILE), OWNER_FORM).catch(() => undefined);
    if (owner !== undefined && condition(owner)) ids.push(id);
  }
  return ids;
}
