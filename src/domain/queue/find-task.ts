import { AppError, usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import { isTaskId, originTask, parentTask } from '../issues/task-id.ts';
import { callingAgent, peopleOnly } from '../runs/agent-rights.ts';
import type { Context } from './context.ts';
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

/**
 * Lets an agent change the tasks only that were made for the task that it works for; a person any.
 *
 * @param what the command, without the task
 * @throws AppError `people_only`
 */
export function requireOwnTask({ env }: Pick<Context, 'env'>, item: QueueItem, what: string): void {
  if (callingAgent(env) === undefined) return;
  const own = new Set([originTask(env), parentTask(env)]);
  if ([item.parent, item.origin].some((maker) => maker !== null && own.has(maker))) return;
  throw peopleOnly(`${what} ${item.id}`, 'it is not a task that you have made');
}

/** Who asks: for what is said of a task afterwards. */
export function whoAsks({ env }: Pick<Context, 'env'>): 'a person' | 'an agent' {
  return callingAgent(env) === undefined ? 'a person' : 'an agent';
}
