import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, readJsonFileAtOnce } from '../../adapters/store/json-file.ts';
import { messageOf } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { isFinished } from './advance.ts';
import { formOfItem } from './item-form.ts';
import { itemPath } from './item-path.ts';
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

/** Some finished tasks, newest first. Those that are not finished are read on the way. */
export async function finishedPage({ home }: HomeOnly, { limit, state, before }: PageRequest): Promise<Page> {
  const ids = (await listItemIds({ home })).toReversed();
  const from = before === undefined ? 0 : ids.indexOf(before) + 1;
  const items: QueueItem[] = [];
  for (const id of ids.slice(from)) {
    const item = await readJsonFileAtOnce(itemPath(home, id), formOfItem(id)).catch(() => undefined);
    if (item === undefined || !isFinished(item) || (state !== undefined && item.state !== state)) continue;
    if (items.length === limit) return { items, next: items.at(-1)?.id };
    items.push(item);
  }
  return { items, next: undefined };
}
