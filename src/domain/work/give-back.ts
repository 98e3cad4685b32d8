import type { Context } from '../queue/context.ts';
import { isFinished } from '../queue/advance.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { settleItem } from './settle-task.ts';

type Needs = Pick<Context, 'queue' | 'settings'>;

/**
 * Gives tasks their attempts back that failed of what was wrong with all of them. One that has ended in error over it waits
 * again, and so do those that failed because they come after it.
 *
 * @returns how many tasks were changed
 */
export async function giveBack(
  context: Needs,
  failed: readonly { readonly task: string; readonly run: string }[],
): Promise<number> {
  const reopened = new Set<string>();
  let changed = 0;
  for (const { task, run } of failed) {
    const item = await context.queue.read(task).catch(() => undefined);
    if (item === undefined || item.run_id !== run || item.state === 'notified') continue;
    const wasFinished = isFinished(item);
    await reopenFor(context, item);
    const after = await settleItem(context, task, { type: 'given_back', runId: run });
    if (after?.state !== 'pending') continue;
    changed += 1;
    if (wasFinished) reopened.add(task);
  }
  return changed + (reopened.size === 0 ? 0 : await reopenDependents(context, reopened));
}

/** Whoever waits for a task waits again, and knows it before the task does. */
async function reopenFor(context: Needs, item: QueueItem): Promise<void> {
  if (isFinished(item) && item.parent !== null) {
    await settleItem(context, item.parent, { type: 'child_reopened', id: item.id });
  }
}

async function reopenDependents(context: Needs, reopened: ReadonlySet<string>): Promise<number> {
  const { items } = await context.queue.all();
  const again = new Set(reopened);
  let count = 0;
  for (const item of items) {
    const { id, state, failure, after = [] } = item;
    const fell = state === 'error' && failure?.class === 'dependency_failed';
    if (!fell || !after.some((other) => again.has(other.id) && other.outcome === 'failed')) continue;
    await reopenFor(context, item);
    await settleItem(context, id, { type: 'retried', message: null });
    again.add(id);
    count += 1;
  }
  return count;
}
