import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plural } from '../../util/text.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { forEachTask, shownTasks } from './kit.ts';

interface CancelOptions {
  readonly tasks: readonly string[];
  readonly allPending: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** Ends tasks as cancelled; those that an agent has only with consent. */
export async function cancelTasks(call: Call, { tasks, allPending, yes, json }: CancelOptions): Promise<void> {
  const { context } = call;
  if (tasks.length > 0 === allPending) {
    throw usageError('queue cancel takes task ids, or --all-pending', 'run: kugetsu queue list --state pending');
  }
  const ids = allPending ? await pendingIds(context) : tasks;
  if (!yes) await requireConsent(context, ids);
  const { cancelTask } = await import('../../domain/work/cancel-task.ts');
  const ended = await forEachTask(call, ids, async (id) => {
    const item = await cancelTask(context, id, (line) => context.terminal.err(line));
    if (!json) context.terminal.err(endWords(item));
    return item;
  });
  if (!json && ids.length === 0) context.terminal.err('no task is pending');
  await printResult(context, { json, value: await shownTasks(context, ended) });
}

async function pendingIds({ queue }: CliContext): Promise<string[]> {
  const open = await queue.open(async () => undefined);
  return open.filter(({ state }) => state === 'pending').map(({ id }) => id);
}

/** Whoever is at work there may be nearly done. */
async function requireConsent({ queue, terminal }: CliContext, ids: readonly string[]): Promise<void> {
  const { isTaskId } = await import('../../domain/issues/task-id.ts');
  const items = await Promise.all(ids.filter(isTaskId).map(async (id) => queue.read(id)));
  const claimed = items.filter((item) => item?.state === 'notified').map((item) => item?.id);
  if (claimed.length === 0) return;
  const what = `an agent has ${claimed.join(', ')}`;
  if (!terminal.interactive) {
    throw usageError(`${what}: refusing to stop it without confirmation (no terminal)`, 'pass -y to agree');
  }
  const answer = await terminal.confirm(
    `Stop ${plural(claimed.length, 'task')} that an agent has, and what it started?`,
  );
  if (answer === 'broken_off') {
    throw new AppError('interrupted', 'interrupted: nothing was cancelled', { exit: EXIT.interrupted });
  }
  if (answer === 'no') throw new AppError('not_agreed', 'nothing was cancelled');
}

function endWords({ id, state, failure }: QueueItem): string {
  if (failure?.class === 'cancelled') return `cancelled ${id}`;
  return `${id} had ended by then: ${state}${failure === null ? '' : ` (${failure.class})`}`;
}
