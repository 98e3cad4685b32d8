import { usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { forEachTask, messageArgument, shownTasks, tellUndispatched } from './kit.ts';

interface RetryOptions {
  readonly tasks: readonly string[];
  readonly allFailed: boolean;
  readonly class: string | undefined;
  readonly message: string | undefined;
  readonly json: boolean;
}

/** Puts finished tasks into the queue again. */
export async function retryTasks(call: Call, given: RetryOptions): Promise<void> {
  const { context } = call;
  const { tasks, allFailed, json } = given;
  if (tasks.length > 0 === allFailed) {
    throw usageError('queue retry takes task ids, or --all-failed', 'run: kugetsu queue list --state error');
  }
  if (given.class !== undefined && !allFailed) {
    throw usageError('--class goes with --all-failed', 'run: kugetsu queue retry --help');
  }
  const message = given.message === undefined ? null : await messageArgument(context, given.message);
  // Oldest first: what comes after another task finds that one in the queue again.
  const { byTime } = await import('../../domain/issues/task-id.ts');
  const ids = byTime(allFailed ? await failedIds(context, given.class) : tasks);
  const { retryTask } = await import('../../domain/work/retry-task.ts');
  const together = new Set(ids);
  const again = await forEachTask(call, ids, async (id) => retryTask(context, id, { message, together }));
  await printResult(context, {
    json,
    value: await shownTasks(context, again),
    text: () => again.map(({ id }) => id).join('\n'),
  });
  if (!json && ids.length === 0) context.terminal.err('no task has failed');
  if (again.length > 0) await tellUndispatched(context);
}

async function failedIds({ queue }: CliContext, wanted: string | undefined): Promise<string[]> {
  const ended = await queue.ended();
  return ended.filter(({ how }) => how !== 'ok' && (wanted === undefined || how === wanted)).map(({ id }) => id);
}
