import { runIdsInUse } from '../../adapters/process/process-table.ts';
import { removeEntry } from '../../adapters/store/entries.ts';
import { removeDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { SHORT_LOCK_WAIT_MS, withRepository } from '../worktrees/repository.ts';
import type { TargetOf } from './prune-item.ts';
import { changeOf, trackedNow, type WhyNot } from './recheck.ts';

/** Removes a temporary file, if it is still as old as it was. */
export async function removeTemporaryFile({ entry }: TargetOf<'temporary_file'>): Promise<WhyNot> {
  const why = await changeOf(entry);
  if (why === undefined) await removeEntry(entry);
  return why;
}

/** Removes the directory of a run that is over. */
export async function removeRunDirectory(
  context: Pick<Context, 'home'>,
  { run, entry }: TargetOf<'run_directory'>,
): Promise<WhyNot> {
  if ((await trackedNow(context)).runs.has(run) || runIdsInUse().has(run)) return 'its run is on';
  const why = await changeOf(entry);
  if (why === undefined) await removeDirectory(entry.path);
  return why;
}

/** Removes a clone that was cut off; whoever clones that repository holds its lock. */
export async function removeHalfClone({ repository, entry }: TargetOf<'half_clone'>): Promise<WhyNot> {
  const remove = async (): Promise<WhyNot> => {
    const why = await changeOf(entry);
    if (why === undefined) await removeDirectory(entry.path);
    return why;
  };
  return withRepository(repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}
