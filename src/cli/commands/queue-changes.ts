import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plural } from '../../util/text.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { forEachTask, shownTasks, messageArgument, tellUndispatched } from './kit.ts';
import type { Target } from '../../domain/queue/turns.ts';

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

interface MoveOptions {
  readonly task: string;
  readonly first: boolean;
  readonly last: boolean;
  readonly before: string | undefined;
  readonly json: boolean;
}

/** Gives a waiting task another place in the queue. */
export async function move({ context }: Call, { task, first, last, before, json }: MoveOptions): Promise<void> {
  const targets: Target[] = [];
  if (first) targets.push({ to: 'first' });
  if (last) targets.push({ to: 'last' });
  if (before !== undefined) targets.push({ to: 'before', id: before });
  const [target] = targets;
  if (target === undefined || targets.length > 1) {
    throw usageError('queue move takes one of --first, --last and --before', 'run: kugetsu queue move --help');
  }
  const { moveTask } = await import('../../domain/work/change-waiting-task.ts');
  const item = await moveTask(context, task, target);
  const where = target.to === 'before' ? `before ${target.id}` : target.to;
  if (!json) context.terminal.err(`${item.id} goes ${where} now`);
  await printResult(context, { json, value: (await shownTasks(context, [item]))[0] });
}

interface ClearOptions {
  readonly allFinished: boolean;
  readonly json: boolean;
}

/** Removes finished tasks, and says how many. */
export async function clearQueue({ context }: Call, { allFinished, json }: ClearOptions): Promise<void> {
  const { clearTasks } = await import('../../domain/work/settle-dependencies.ts');
  const removed = await clearTasks(context, { all: allFinished });
  await printResult(context, { json, value: removed, line: true });
  if (!json) context.terminal.err(`removed ${plural(removed.length, 'finished task')}`);
}
