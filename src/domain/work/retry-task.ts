import { AppError } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { requireMessage } from '../issues/issue-ref.ts';
import { isFinished } from '../queue/advance.ts';
import { findTask, requireOwnTask } from '../queue/find-task.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { settleItem } from './settle-task.ts';

type Reopening = Pick<Context, 'queue' | 'settings'>;

interface Retry {
  /** What the agent is told instead of the task's message; null leaves that. */
  readonly message: string | null;
  /** The tasks that are retried together. */
  readonly together: ReadonlySet<string>;
}

/**
 * Puts a finished task into the queue again, with as many attempts as a new one has; its agent goes on in the session and
 * worktree that it has. A PM task that waits for it waits again.
 *
 * @returns the task as it is afterwards
 * @throws AppError `no_task`, `not_ended`, `not_retried` when it comes after a task that has failed and is not retried with
 * it, usage (exit code 2) for an empty message, `people_only` for an agent whose task it is not
 */
export async function retryTask(context: Context, id: string, { message, together }: Retry): Promise<QueueItem> {
  if (message !== null) requireMessage(message);
  const item = await findTask(context, id);
  requireOwnTask(context, item, 'queue retry');
  if (!isFinished(item)) throw notEnded(item);
  await requireDependencies(context, item, together);
  // The parent first: it must not end before it knows. Without the rest, reconciling tells it of the end again.
  await reopenFor(context, item);
  const again = (await settleItem(context, id, { type: 'retried', message })) ?? item;
  // Somebody else has put it into the queue in this moment, with what was to be done then.
  if (message !== null && again.message !== message) throw notEnded(again);
  return again;
}

function notEnded({ id, state }: QueueItem): AppError {
  return new AppError('not_ended', `${id} has not ended: it is ${state}`, {
    hint: `to see what it waits for, run: kugetsu queue explain ${id}`,
  });
}

async function requireDependencies(context: Context, item: QueueItem, together: ReadonlySet<string>): Promise<void> {
  if (item.after_any === true) return;
  for (const { id, outcome } of item.after ?? []) {
    if (outcome === 'succeeded' || together.has(id)) continue;
    const other = await context.queue.read(id);
    if (other !== undefined && other.state !== 'error') continue;
    const how = other === undefined ? 'is gone' : 'ended in error';
    const hint = other === undefined ? 'enqueue it anew' : `run: kugetsu queue retry ${id} ${item.id}`;
    throw new AppError('not_retried', `${item.id} comes after ${id}, which ${how}`, { hint });
  }
}

/**
 * Gives tasks their attempts back that failed of what was wrong with all of them. One that has ended in error over it waits
 * again, and so do those that failed because they come after it.
 *
 * @returns how many tasks were changed
 */
export async function giveBack(
  context: Reopening,
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
async function reopenFor(context: Reopening, item: QueueItem): Promise<void> {
  if (isFinished(item) && item.parent !== null) {
    await settleItem(context, item.parent, { type: 'child_reopened', id: item.id });
  }
}

async function reopenDependents(context: Reopening, reopened: ReadonlySet<string>): Promise<number> {
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
