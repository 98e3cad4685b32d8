import type { Context } from '../context.ts';
import { callingAgent, peopleOnly } from '../runs/agent-rights.ts';
import type { QueueItem } from './queue-item.ts';
import { originTask, parentTask } from '../issues/task-id.ts';

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
