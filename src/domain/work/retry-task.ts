import { AppError } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { requireMessage } from '../issues/issue-ref.ts';
import { isFinished } from '../queue/advance.ts';
import { findTask, requireOwnTask } from '../queue/find-task.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { settleItem } from './settle-task.ts';

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
  if (item.parent !== null) await settleItem(context, item.parent, { type: 'child_reopened', id });
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
