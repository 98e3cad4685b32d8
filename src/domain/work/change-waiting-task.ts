import { withLock } from '../../adapters/store/lock.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { pasteQuote } from '../../util/text.ts';
import type { Context } from '../queue/context.ts';
import { requireMessage } from '../issues/issue-ref.ts';
import { isFinished } from '../queue/advance.ts';
import { findTask, requireOwnTask } from '../queue/find-task.ts';
import { onceLock } from '../queue/enqueue-once.ts';
import type { When } from '../queue/enqueue.ts';
import { editOf } from '../queue/timing.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { placeFor, type Target } from '../queue/turns.ts';
import { hasEnded } from './cancel-task.ts';
import { settleItem } from './settle-task.ts';

/**
 * Gives a task that waits another message, or other conditions: what it is given replaces what it has.
 *
 * @throws AppError `no_task`, `has_ended`, `busy` (exit code 4) when an agent has it by now, usage (exit code 2) for an empty
 * message or a circle of tasks, `people_only` for an agent whose task it is not or a priority above that of its own task
 */
export async function editTask(
  context: Context,
  id: string,
  { message, when = {} }: { readonly message?: string | undefined; readonly when?: When },
): Promise<QueueItem> {
  if (message !== undefined) requireMessage(message);
  const change = async (): Promise<QueueItem> => {
    const before = await findWaitingTask(context, id, 'queue edit');
    const item = await settleItem(context, id, { type: 'edited', message, ...(await editOf(context, before, when)) });
    if (item?.state === 'pending') return item;
    throw notWaiting(await findTask(context, id));
  };
  // Two at once could make each of two tasks come after the other.
  return when.after === undefined ? change() : withLock(onceLock(context.home), change);
}

/**
 * Gives a task that waits another place in the queue; it takes the priority of its neighbour.
 *
 * @throws AppError as {@link editTask}, and usage (exit code 2) when the other task does not wait
 */
export async function moveTask(context: Context, id: string, target: Target): Promise<QueueItem> {
  const item = await findWaitingTask(context, id, 'queue move');
  if (target.to === 'before') {
    if (target.id === id) throw usageError(`${id} cannot go before itself`, 'run: kugetsu queue list --state pending');
    await findWaitingTask(context, target.id, 'queue move');
  }
  const open = await context.queue.open(async () => undefined);
  const place = placeFor(
    id,
    target,
    open.filter(({ state }) => state === 'pending'),
  );
  if (place === undefined) return item;
  const moved = await settleItem(context, id, { type: 'moved', ...place });
  if (moved?.place === place.place) return moved;
  throw notWaiting(await findTask(context, id));
}

/** The task of this id, while it waits. @throws as {@link editTask} */
export async function findWaitingTask(context: Context, id: string, what: string): Promise<QueueItem> {
  const item = await findTask(context, id);
  requireOwnTask(context, item, what);
  if (item.state !== 'pending') throw notWaiting(item);
  return item;
}

function notWaiting(item: QueueItem): AppError {
  if (isFinished(item)) return hasEnded(item);
  const { id, issue_ref: ref } = item;
  const tell = ref === null ? '' : `to tell the agent more, run: kugetsu queue enqueue ${pasteQuote(ref)} MESSAGE; `;
  return new AppError('busy', `${id} does not wait any more: an agent has it`, {
    hint: `${tell}to end it, run: kugetsu queue cancel ${id}`,
    exit: EXIT.busy,
  });
}
