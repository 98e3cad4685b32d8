import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, readJsonFileAtOnce, readPlainFileAtOnce } from '../../adapters/store/json-file.ts';
import { factsAtOnce, isAsItWas, type FileFacts } from '../../adapters/store/paths.ts';
import { messageOf } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { isFinished } from './advance.ts';
import { formOfItem, isPlainItem } from './item-form.ts';
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

/** The ids of the tasks whose files have these names, oldest first. */
export function idsIn(names: readonly string[]): string[] {
  return byTime(
    names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -5))
      .filter(isTaskId),
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

/** A task as it was in its file, and how that was then. */
export interface StampedItem {
  /** Undefined when that could not be seen. */
  readonly facts: FileFacts | undefined;
  readonly item: QueueItem;
}

/** The finished tasks that are known, the last one that ended first. */
export interface Ended {
  readonly count: number;
  /** Read no further than is wanted: each costs something. */
  readonly tasks: Iterable<EndedTask>;
  /** Those that were read a moment ago, by their ids; others have to be read. */
  readonly read: ReadonlyMap<string, StampedItem>;
}

/** A page of finished tasks. */
export async function finishedPage(
  { home }: HomeOnly,
  { count, tasks, read }: Ended,
  { limit, ref: wanted, host: had, state, since = -Infinity, before }: PageRequest,
): Promise<Page> {
  const isAll = wanted === undefined && had === undefined && state === undefined && since === -Infinity;
  const fits = ({ at, how, ref, host }: EndedTask): boolean =>
    at >= since &&
    (wanted === undefined || ref === wanted) &&
    (had === undefined || host === had) &&
    (state === undefined || (state === 'completed') === (how === 'ok'));
  const isAfter = before === undefined ? () => true : after(before);
  const items: QueueItem[] = [];
  const broken: BrokenTask[] = [];
  let last: EndedTask | undefined;
  let passed = 0;
  let more = 0;
  for (const task of tasks) {
    if (isAfter(task) && fits(task)) {
      if (items.length < limit) {
        last = task;
        const item = await readForPage(home, task.id, { read, broken });
        // It may be gone, or go again, by now.
        if (item !== undefined && isFinished(item)) items.push(item);
      } else if (isAll) return { items, broken, next: cursorOf(last), more: count - passed };
      else more += 1;
    }
    passed += 1;
  }
  return { items, broken, next: more > 0 ? cursorOf(last) : undefined, more };
}

async function readForPage(
  home: HomeOnly['home'],
  id: string,
  { read, broken }: Pick<Ended, 'read'> & { readonly broken: BrokenTask[] },
): Promise<QueueItem | undefined> {
  const path = itemPath(home, id);
  const known = read.get(id);
  if (known !== undefined && isAsItWas(factsAtOnce(path), known.facts)) return known.item;
  try {
    return readPlainFileAtOnce(path, isPlainItem) ?? (await readJsonFileAtOnce(path, formOfItem(id)));
  } catch (error) {
    broken.push({ id, why: messageOf(error) });
    return undefined;
  }
}

/** Where a page ends: it says that even when that task is gone by the next one. */
function cursorOf(task: EndedTask | undefined): string | undefined {
  return task === undefined ? undefined : `${task.at} ${task.id}`;
}

/** Whether a task comes after that place. */
function after(cursor: string): (task: EndedTask) => boolean {
  const [time = '', last = ''] = cursor.split(' ');
  return ({ at, id }) => at < Number(time) || (at === Number(time) && id < last);
}
