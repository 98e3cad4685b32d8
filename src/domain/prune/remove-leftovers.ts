import { removeLeftServer } from '../../adapters/opencode/server/left-servers.ts';
import { runIdsInUse } from '../../adapters/process/process-table.ts';
import { removeEntry } from '../../adapters/store/entries.ts';
import { removeDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../queue/context.ts';
import { SHORT_LOCK_WAIT_MS, withRepository } from '../worktrees/repository.ts';
import type { TargetOf } from './prune-item.ts';
import { changeOf, trackedNow, type WhyNot } from './read-state.ts';

/** Removes a temporary file, if it is still as old as it was. */
export async function removeTemporaryFile({ entry }: TargetOf<'temporary_file'>): Promise<WhyNot> {
  const why = await changeOf(entry);
  if (why === undefined) await removeEntry(entry);
  return why;
}

/** Removes the directories of ended runs; run ids are never reused. */
export async function removeRunDirectories(
  context: Pick<Context, 'home' | 'queue'>,
  targets: readonly TargetOf<'run_directory'>[],
): Promise<PromiseSettledResult<WhyNot>[]> {
  const { runs, queueRead } = await trackedNow(context);
  const inUse = runIdsInUse();
  const remove = async ({ run, entry }: TargetOf<'run_directory'>): Promise<WhyNot> => {
    if (!queueRead) return 'the queue cannot be read';
    if (runs.has(run) || inUse.has(run)) return 'its run has not ended';
    const why = await changeOf(entry);
    if (why === undefined) await removeDirectory(entry.path);
    return why;
  };
  return Promise.allSettled(targets.map(remove));
}

/** Removes what is left of a server that agents shared. */
export async function removeDeadServer(
  { home, clock }: Pick<Context, 'home' | 'clock'>,
  { entry }: TargetOf<'shared_server'>,
): Promise<WhyNot> {
  return (await removeLeftServer(home, entry.path, clock)) ? undefined : 'it is another one by now';
}

/** Removes an interrupted clone; a process that clones that repository holds its lock. */
export async function removeHalfClone({ repository, entry }: TargetOf<'half_clone'>): Promise<WhyNot> {
  const remove = async (): Promise<WhyNot> => {
    const why = await changeOf(entry);
    if (why === undefined) await removeDirectory(entry.path);
    return why;
  };
  return withRepository(repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}
