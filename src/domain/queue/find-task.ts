import { AppError, usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Context } from './context.ts';
import { isTaskId } from '../issues/task-id.ts';
import type { QueueItem } from './queue-item.ts';

/** The task of this id. @throws AppError `no_task`, or usage (exit code 2) for what is no id of a task */
export async function findTask({ queue }: Pick<Context, 'queue'>, id: string): Promise<QueueItem> {
  if (!isTaskId(id)) throw usageError(words`not a task id: ${quoted(id, 40)}`, 'run: kugetsu queue list');
  const item = await queue.read(id);
  if (item === undefined) throw noTask(id);
  return item;
}

/** The error for a task that is not there. */
export function noTask(id: string): AppError {
  return new AppError('no_task', `there is no task ${id}`, { hint: 'run: kugetsu queue list' });
}
