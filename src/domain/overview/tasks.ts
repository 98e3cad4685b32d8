import { redactorOf } from '../agent-env/redactor.ts';
import type { ExplainedQueue, ToldReason } from '../daemon/explain-queue.ts';
import type { Context } from '../queue/context.ts';
import { isFinished } from '../queue/advance.ts';
import type { QueueItem } from '../queue/queue-item.ts';

/** A task as it is listed: its message without secrets, and all that it waits for, in words, too. */
export interface ListedTask extends QueueItem {
  readonly reasons: readonly ToldReason[];
  /**
   * In a fleet, the host that has the task, or the session of its issue, or had it when it is finished; null when any may take it,
   * or it was had by none.
   */
  readonly host?: string | null;
}

/** Tasks with what each waits for, and what holds the queue as a whole. */
export interface ListedQueue extends Omit<ExplainedQueue, 'reasons'> {
  readonly tasks: readonly ListedTask[];
}

/**
 * Tasks as they are listed, in the order given.
 *
 * @param shown the tasks to list
 * @param open all that are not finished: they decide what each one waits for
 */
export async function readTasks(
  context: Context,
  { shown, open }: { readonly shown: readonly QueueItem[]; readonly open: readonly QueueItem[] },
): Promise<readonly ListedTask[]> {
  // What explains a queue takes longer to load than a short list to print.
  if (!open.some(({ state }) => state === 'pending')) return listed(context, shown, new Map());
  const { explainQueue } = await import('../daemon/explain-queue.ts');
  return listed(context, shown, await explainQueue(context, open, { all: false }));
}

/** As {@link readTasks}, with what holds the queue as a whole. */
export async function readQueue(
  context: Context,
  { shown, open }: { readonly shown: readonly QueueItem[]; readonly open: readonly QueueItem[] },
): Promise<ListedQueue> {
  const { explainWholeQueue } = await import('../daemon/explain-queue.ts');
  const { reasons, ...facts } = await explainWholeQueue(context, open, { all: false });
  return { ...facts, tasks: await listed(context, shown, reasons) };
}

async function listed(
  context: Pick<Context, 'home' | 'env' | 'queue'>,
  shown: readonly QueueItem[],
  reasons: ExplainedQueue['reasons'],
): Promise<ListedTask[]> {
  // The file keeps the message as it is: that is what the agent is told.
  const { text } = await redactorOf(context);
  const hostOf = await hostsOf(context);
  return shown.map(({ host, ...item }) => ({
    ...item,
    message: text(item.message),
    reasons: reasons.get(item.id) ?? [],
    ...hostOf({ ...item, host }),
  }));
}

/** Tells the host of a task. A queue of one home has none to tell apart. */
export async function hostsOf({
  queue,
}: Pick<Context, 'queue'>): Promise<(task: Pick<QueueItem, 'id' | 'state' | 'host'>) => Pick<ListedTask, 'host'>> {
  if ((await queue.host()) === undefined) return () => ({});
  const places = await queue.places();
  return (task) => {
    const { host, home } = places.get(task.id) ?? {};
    return { host: isFinished(task) ? (task.host ?? null) : (host ?? home ?? null) };
  };
}
