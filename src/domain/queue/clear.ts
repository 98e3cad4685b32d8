import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { removeFile } from '../../adapters/store/private-files.ts';
import { modifiedAt } from '../../adapters/store/paths.ts';
import type { Context } from './context.ts';
import { runOfFile } from '../runs/run-id.ts';

const DAY_MS = 24 * 60 * 60_000;
const LOG_DAYS = 7;

/**
 * Removes finished tasks that are older than QUEUE_CLEANUP_AGE_DAYS, or all finished ones.
 *
 * @param all whether every finished task is removed, however new
 * @param endedBy when they must have ended all the same, in milliseconds since the epoch
 * @returns the ids of the removed tasks
 */
export async function clearOldItems(
  { queue, settings }: Pick<Context, 'queue' | 'settings'>,
  { all, endedBy = Infinity }: { readonly all: boolean; readonly endedBy?: number },
): Promise<string[]> {
  const { QUEUE_CLEANUP_AGE_DAYS: days } = await settings();
  const by = Math.min(endedBy, all ? Infinity : (await queue.now()) - days * DAY_MS);
  return queue.removeFinished(by === Infinity ? {} : { by });
}

/** Removes the logs and records of runs that nobody has written to for seven days. @returns their names */
export async function clearOldLogs({ home, clock }: Pick<Context, 'home' | 'clock'>): Promise<string[]> {
  const removed: string[] = [];
  for (const name of (await listDirectory(home.logs)).filter(isOfRun)) {
    const path = join(home.logs, name);
    const modified = await modifiedAt(path);
    if (modified === undefined || modified > clock.now() - LOG_DAYS * DAY_MS) continue;
    await removeFile(path);
    removed.push(name);
  }
  return removed;
}

function isOfRun(name: string): boolean {
  return (runOfFile(name, '.log') ?? runOfFile(name, '.json')) !== undefined;
}
