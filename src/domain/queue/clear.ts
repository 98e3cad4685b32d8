import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { removeFile } from '../../adapters/store/private-files.ts';
import { modifiedAt } from '../../adapters/store/paths.ts';
import type { Context } from './context.ts';
import { unlessRefused } from '../../util/errors.ts';
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

/**
 * Removes the logs and records of runs that nobody has written to for seven days. What stats shows of them is kept for
 * STATS_KEEP_DAYS; where that cannot be written, the records stay.
 *
 * @returns the names of the removed files
 */
export async function clearOldLogs({
  home,
  clock,
  settings,
}: Pick<Context, 'home' | 'clock' | 'settings'>): Promise<string[]> {
  const old: string[] = [];
  for (const name of (await listDirectory(home.logs)).filter(isOfRun)) {
    const modified = await modifiedAt(join(home.logs, name));
    if (modified !== undefined && modified <= clock.now() - LOG_DAYS * DAY_MS) old.push(name);
  }
  const records = old.flatMap((name) => runOfFile(name, '.json') ?? []);
  const { keepFigures, removeOldFigures } = await import('../runs/ended-runs.ts');
  const isKept = await keepFigures({ home }, records).then(() => true, unlessRefused);
  const removed = old.filter((name) => isKept === true || name.endsWith('.log'));
  for (const name of removed) await removeFile(join(home.logs, name));
  // A config with a mistake in it is no reason to forget anything.
  const { STATS_KEEP_DAYS: days } = await settings().catch(() => ({ STATS_KEEP_DAYS: Infinity }));
  await removeOldFigures({ home, clock }, days);
  return removed;
}

function isOfRun(name: string): boolean {
  return (runOfFile(name, '.log') ?? runOfFile(name, '.json')) !== undefined;
}
