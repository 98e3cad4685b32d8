import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, readJsonFileAtOnce, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { removeFile } from '../../adapters/store/private-files.ts';
import { messageOf } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { itemPath } from './add-item.ts';
import { formOfItem } from './item-form.ts';
import type { QueueItem } from './queue-item.ts';
import { byTime, isTaskId } from '../issues/task-id.ts';

type HomeOnly = Pick<Context, 'home'>;

/** The ids of all tasks but those that `skip` says, oldest first. */
export async function listItemIds({ home }: HomeOnly, skip: (id: string) => boolean = () => false): Promise<string[]> {
  const names = await listDirectory(home.queueItems);
  return byTime(
    names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -5))
      .filter((id) => !skip(id) && isTaskId(id)),
  );
}

/** One task; undefined when there is none of this id. */
export async function readItem({ home }: HomeOnly, id: string): Promise<QueueItem | undefined> {
  return readJsonFile(itemPath(home.queueItems, id), formOfItem(id));
}

/** All tasks, oldest first, and why the files that cannot be read cannot. */
interface ReadItems {
  readonly items: readonly QueueItem[];
  readonly broken: readonly string[];
}

/** All tasks, oldest first. One damaged file hides no other task. */
export async function readItems(context: HomeOnly): Promise<ReadItems> {
  const broken: string[] = [];
  const ids = await listItemIds(context);
  const items = await Promise.all(
    ids.map(async (id) =>
      readJsonFileAtOnce(itemPath(context.home.queueItems, id), formOfItem(id)).catch((error: unknown) => {
        broken.push(messageOf(error));
        return undefined;
      }),
    ),
  );
  return { items: items.filter((item) => item !== undefined), broken };
}

/** A task before and after a change. */
interface ItemChange {
  readonly before: QueueItem;
  readonly after: QueueItem;
}

/**
 * Changes one task under the queue's lock, durably. `beforeWrite` runs first, under the lock too: what it does happens
 * again if this process dies before the change is written.
 *
 * @returns the task before and after; undefined when there is none, or when `change` left it as it was
 */
export async function updateItem(
  context: HomeOnly,
  id: string,
  change: (item: QueueItem) => QueueItem,
  beforeWrite: (change: ItemChange) => Promise<void> = async () => undefined,
): Promise<ItemChange | undefined> {
  const { home } = context;
  return withLock(home.queueLock, async (lock) => {
    const before = await readItem(context, id);
    if (before === undefined) return undefined;
    const after = change(before);
    if (after === before) return undefined;
    await beforeWrite({ before, after });
    lock.assertHeld();
    await writeJsonFile(itemPath(home.queueItems, id), after);
    return { before, after };
  });
}

/** Removes a task's file. */
export async function removeItem({ home }: HomeOnly, id: string): Promise<void> {
  await removeFile(itemPath(home.queueItems, id));
}
