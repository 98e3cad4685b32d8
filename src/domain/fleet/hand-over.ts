import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { removeFile, unlinkFile } from '../../adapters/store/private-files.ts';
import { unlessDamaged } from '../../util/errors.ts';
import { excerpt } from '../notifications/tell.ts';
import { isFinished } from '../queue/advance.ts';
import type { Context } from '../queue/context.ts';
import { againPath, itemPath } from '../queue/item-path.ts';
import { formOfItem } from '../queue/item-form.ts';
import { outboxPath } from '../queue/outbox.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { idsIn, listItemIds, readItem } from '../queue/task-files.ts';

type Needs = Pick<Context, 'home' | 'queue'>;

/**
 * Hands the tasks that lie in files of this home over to the queue of its fleet: those of before it joined, and those that were
 * added while the queue could not be reached. Each is in both for a moment, and nothing looks at these files but this.
 *
 * @returns how many there were
 * @throws AppError `queue_unreachable`; what was handed over until then is done
 */
export async function handOverTasks(context: Needs): Promise<number> {
  return (await handOverOwn(context)) + (await handOverKept(context));
}

/** A queue that cannot be reached keeps what is added here, which is no reason to remove it. @throws AppError `queue_unreachable` */
async function requireThere(queue: Needs['queue'], id: string): Promise<void> {
  if ((await queue.read(id)) === undefined) throw new Error(`${id} was added, and is not there`);
}

async function handOverOwn({ home, queue }: Needs): Promise<number> {
  let count = 0;
  for (const id of await listItemIds({ home })) {
    const item = await readItem({ home }, id).catch(unlessDamaged);
    if (item === undefined || isFinished(item)) continue;
    await queue.add(item);
    await requireThere(queue, id);
    await removeFile(itemPath(home, id));
    await unlinkFile(againPath(home, id));
    count += 1;
  }
  return count;
}

async function handOverKept({ home, queue }: Needs): Promise<number> {
  let count = 0;
  for (const id of idsIn(await listDirectory(home.queueOutbox))) {
    const path = outboxPath({ home }, id);
    const item = await readJsonFile(path, formOfItem(id)).catch(unlessDamaged);
    if (item === undefined) continue;
    await queue.add(item, { news: [newsOf(item)] });
    await requireThere(queue, id);
    await removeFile(path);
    count += 1;
  }
  return count;
}

function newsOf({ id, message, issue_ref, created_at: at }: QueueItem): {
  readonly type: 'task_queued';
  readonly message: ReturnType<typeof excerpt>[];
  readonly issue_ref: string | null;
  readonly task: string;
  readonly at: number;
} {
  return { type: 'task_queued', message: [excerpt(message)], issue_ref, task: id, at: Date.parse(at) };
}
