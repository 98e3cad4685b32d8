import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, readJsonFileAtOnce } from '../../adapters/store/json-file.ts';
import { messageOf } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { isFinished } from './advance.ts';
import { formOfItem } from './item-form.ts';
import { itemPath } from './item-path.ts';
import type { EndedTask } from './ended-task.ts';
import type { QueueItem } from './queue-item.ts';
import type { AllTasks, BrokenTask, Page, PageRequest } from './queue-store.ts';
import { byTime, isTaskId } from '../issues/task-id.ts';

type HomeOnly = Pick<Context, 'home'>;

/** The ids of all tasks, oldest first. */
export async function listItemIds({ home }: HomeOnly): Promise<string[]> {
  return idsIn(await listDirectory(home.queueItems));
}

/** The ids of the tasks whose files have these names, but those that `skip` says, oldest first. */
export function idsIn(names: readonly string[], skip: (id: string) => boolean = () => false): string[] {
  return byTime(
    names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -5))
      .filter((id) => !skip(id) && isTaskId(id)),
  );
}

/** One task; undefined when there is none of this id. */
export async function readItem({ home }: HomeOnly, id: string): Promise<QueueItem | undefined> {
  return readJsonFile(itemPath(home, id), formOfItem(id));
}

/** All tasks, oldest first. One damaged file hides no other task. */
export async function readItems({ home }: HomeOnly): Promise<AllTasks> {
  const broken: BrokenTask[] = [];
  const ids = await listItemIds({ home });
  const items = await Promise.all(
    ids.map(async (id) =>
      readJsonFileAtOnce(itemPath(home, id), formOfItem(id)).catch((error: unknown) => {
        broken.push({ id, why: messageOf(error) });
        return undefined;
      }),
    ),
  );
  return { items: items.filter((item) => item !== undefined), broken };
}

/**
 * A page of finished tasks.
 *
 * @param ended what is known of all of them, the last one that ended first
 */
export async function finishedPage(
  { home }: HomeOnly,
  ended: readonly EndedTask[],
  { limit, state, since = -Infinity, before }: PageRequest,
): Promise<Page> {
  const fitting = ended.filter(
    ({ at, how }) => at >= since && (state === undefined || (state === 'completed') === (how === 'ok')),
  );
  const after = fitting.slice(before === undefined ? 0 : placeAfter(fitting, before));
  const items: QueueItem[] = [];
  const broken: BrokenTask[] = [];
  for (const [index, { id }] of after.entries()) {
    if (items.length === limit) return { items, broken, next: cursorOf(after[index - 1]), more: after.length - index };
    const item = await readJsonFileAtOnce(itemPath(home, id), formOfItem(id)).catch((error: unknown) => {
      broken.push({ id, why: messageOf(error) });
      return undefined;
    });
    // It may be gone, or go again, by now.
    if (item !== undefined && isFinished(item)) items.push(item);
  }
  return { items, broken, next: undefined, more: 0 };
}

/** Where a page ends: it says that even when that task is gone by the next one. */
function cursorOf(task: EndedTask | undefined): string | undefined {
  return task === undefined ? undefined : `${task.at} ${task.id}`;
}

function placeAfter(ended: readonly EndedTask[], cursor: string): number {
  const [time = '', last = ''] = cursor.split(' ');
  const found = ended.findIndex(({ at, id }) => at < Number(time) || (at === Number(time) && id < last));
  return found < 0 ? ended.length : found;
}
