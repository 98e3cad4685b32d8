import { withLock } from '../../adapters/store/lock.ts';
import { removeFile, unlinkFile } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { isFinished } from './advance.ts';
import { finishedAt } from './ended-task.ts';
import { againPath, itemPath } from './item-path.ts';
import { readItem } from './task-files.ts';

interface Which {
  /** Those that may be finished. */
  readonly ids: readonly string[];
  /** By when they were finished, in milliseconds since the epoch; whenever, without. */
  readonly by: number | undefined;
}

/** How many are removed under one lock, which others wait for. */
const AT_ONCE = 50;

/** Removes the files of finished tasks; one that goes again meanwhile stays. @returns their ids */
export async function removeFinishedFiles(
  { home }: Pick<Context, 'home'>,
  { ids, by = Infinity }: Which,
): Promise<string[]> {
  const isOld = async (id: string): Promise<boolean> => {
    const item = await readItem({ home }, id).catch(() => undefined);
    return item !== undefined && isFinished(item) && finishedAt(item) <= by;
  };
  const old = await those(ids, isOld);
  const removed: string[] = [];
  for (let from = 0; from < old.length; from += AT_ONCE) {
    await withLock(home.queueLock, async (lock) => {
      for (const id of await those(old.slice(from, from + AT_ONCE), isOld)) {
        lock.assertHeld();
        await removeFile(itemPath(home, id));
        await unlinkFile(againPath(home, id));
        removed.push(id);
      }
    });
  }
  return removed;
}

async function those(ids: readonly string[], condition: (id: string) => Promise<boolean>): Promise<string[]> {
  const found: string[] = [];
  for (const id of ids) if (await condition(id)) found.push(id);
  return found;
}
