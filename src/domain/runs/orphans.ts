import { join } from 'node:path';
import { keepBeating } from '../../adapters/process/heartbeat.ts';
import { standingOf, type Standing } from '../../adapters/process/standing.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import type { Context } from '../context.ts';
import { newRun, removeRunRecord, readRunRecord, writeRunRecord } from './run-files.ts';
import { hasEnded } from './run-record.ts';
import { OwnerSchema, type Run, type RunKind } from './run-schema.ts';
import type { Reach } from './run-state.ts';

/** Where 0.1.0 wrote down who answers for a run that is for neither an issue nor a task. */
const OWNER_FILE = 'owner.json';
const OWNER_FORM = { schema: OwnerSchema, what: 'the owner of a run' };

/**
 * Writes down that this process answers for a run of its own, which is for neither an issue nor a task, and lets other
 * containers and machines hear of it until the returned function is called.
 *
 * @param what what the run is for, in a few words
 */
export async function ownRun(
  context: Pick<Context, 'home' | 'clock'>,
  runId: string,
  { kind, what }: { readonly kind: RunKind; readonly what: string },
): Promise<() => Promise<void>> {
  const subject = { type: 'none', what } as const;
  await writeRunRecord(context, newRun(context, { id: runId, kind, subject, task: null, parent: null, request: null }));
  const stopBeating = await keepBeating(context.home.heartbeats, what);
  return async () => {
    await removeRunRecord(context, runId);
    await stopBeating();
  };
}

/** Whether nobody answers for the run, or somebody who is gone. A file that cannot be read says nothing. */
export async function isDeadOwner(context: Pick<Context, 'home'>, runId: string): Promise<boolean> {
  try {
    const record = await readRunRecord(context, runId);
    const owner = record === undefined ? await readOwner(context, runId) : record.owner;
    const over = record !== undefined && hasEnded(record);
    return over || owner === undefined || DEAD.has(standingOf(owner, context.home.heartbeats));
  } catch {
    return true;
  }
}

/** The runs of 0.1.0 without issue and task whose owners are gone; with `takeOver` also those of which nothing is heard. */
export async function orphanedRuns(context: Pick<Context, 'home'>, { takeOver }: Reach): Promise<string[]> {
  return runsWhoseOwner(context, (standing) => (takeOver ? DEAD.has(standing) : standing === 'gone'));
}

/** The runs of 0.1.0 without issue and task whose owners are alive, here or elsewhere. */
export async function ownedRuns(context: Pick<Context, 'home'>): Promise<string[]> {
  return runsWhoseOwner(context, (standing) => !DEAD.has(standing));
}

const DEAD: ReadonlySet<Standing> = new Set(['gone', 'silent']);

async function readOwner({ home }: Pick<Context, 'home'>, id: string): Promise<Run['owner'] | undefined> {
  return readJsonFile(join(home.runs, id, OWNER_FILE), OWNER_FORM);
}

async function runsWhoseOwner(
  context: Pick<Context, 'home'>,
  condition: (standing: Standing) => boolean,
): Promise<string[]> {
  const ids: string[] = [];
  for (const id of (await listDirectory(context.home.runs)).filter((name) => !name.endsWith('.json'))) {
    const owner = await readOwner(context, id).catch(() => undefined);
    if (owner !== undefined && condition(standingOf(owner, context.home.heartbeats))) ids.push(id);
  }
  return ids;
}
