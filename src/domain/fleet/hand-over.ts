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
import { readName } from '../sessions/read-sessions.ts';
import { begunAlonePaths, readBegunAlone } from '../work/begun-alone.ts';

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

/**
 * Tells the fleet that this host has the issues that were begun here while the queue could not be reached.
 *
 * @returns those that another host has had first
 */
export async function handOverIssues(
  context: Needs,
): Promise<readonly { readonly issue_ref: string; readonly host: string }[]> {
  const elsewhere = [];
  for (const path of await begunAlonePaths(context)) {
    const ref = await readBegunAlone(path).catch(unlessDamaged);
    if (ref === undefined) continue;
    // One that was destroyed meanwhile is nobody's.
    const host = (await readName(context, ref)) === undefined ? undefined : await context.queue.takeIssue(ref);
    if (host !== undefined) elsewhere.push({ issue_ref: ref, host });
    await removeFile(path);
  }
  return elsewhere;
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

/** Hands over those alone that were added while the queue could not be reached. */
export async function handOverKept({ home, queue }: Needs): Promise<number> {
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
