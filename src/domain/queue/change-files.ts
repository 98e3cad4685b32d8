import { writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { removeFile, touchFile, unlinkFile } from '../../adapters/store/private-files.ts';
import { isSameJson } from '../../util/loose-object.ts';
import type { Context } from '../context.ts';
import type { Courier } from '../notifications/courier.ts';
import { sendNotification } from '../notifications/inbox.ts';
import { orLogged } from '../notifications/lost-news.ts';
import type { News } from '../notifications/notification-schema.ts';
import { againPath, itemPath } from './item-path.ts';
import { isFinished } from './advance.ts';
import type { Change, ItemChange } from './queue-store.ts';
import { readItem } from './task-files.ts';
import { finishedAt } from './ended-task.ts';

interface Update {
  readonly change: Change;
  readonly news: (change: ItemChange) => readonly News[];
}

/**
 * Changes the file of one task under the queue's lock, durably. The news go first, under the lock too: they go again if this
 * process dies before the change is written.
 */
export async function updateFile(
  context: Pick<Context, 'home' | 'env' | 'clock'> & { readonly courier?: Courier | undefined },
  id: string,
  { change, news }: Update,
): Promise<ItemChange | undefined> {
  const { home, clock } = context;
  return withLock(home.queueLock, async (lock) => {
    const before = await readItem(context, id);
    if (before === undefined) return undefined;
    const after = change(before, clock.now());
    if (isSameJson(before, after)) return { before, after: before };
    for (const each of news({ before, after })) {
      await orLogged(context, each, async () => sendNotification(context, each));
    }
    if (isFinished(before) && !isFinished(after)) await touchFile(againPath(home, id));
    lock.assertHeld();
    await writeJsonFile(itemPath(home, id), after);
    const again = againPath(home, id);
    if (isFinished(after) && stampAtOnce(again) !== undefined) await unlinkFile(again);
    return { before, after };
  });
}

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
