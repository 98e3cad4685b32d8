import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../queue/context.ts';
import { isFinished, isWaitingForChildren } from '../queue/advance.ts';
import { findTask, requireOwnTask, whoAsks } from '../queue/find-task.ts';
import type { Child, QueueItem } from '../queue/queue-item.ts';
import { reconcileItem } from './reconcile-items.ts';
import { settleItem } from './settle-task.ts';
import { otherHost } from './other-host.ts';
import { stopRun } from './stop-run.ts';
import { stopChildElsewhere, stopWherever } from './stop-elsewhere.ts';

// An agent that ignores its end takes seconds, and so does the one of each child.
const LONGEST_WAIT_MS = 90_000;
const POLL_MS = 100;

/**
 * Ends a task as cancelled. One that waits ends at once. Of one that an agent has, the run and its children are stopped
 * first; from the first moment on it is not tried again, even if this process dies.
 *
 * @param say gets a line about what is waited for, each time that this is something else
 * @returns the task at its end; it may have been completed meanwhile
 * @throws AppError `no_task`, `has_ended`, `people_only` for an agent whose task it is not, and what {@link stopWherever} throws
 */
export async function cancelTask(context: Context, id: string, say: Say): Promise<QueueItem> {
  const before = await findTask(context, id);
  requireOwnTask(context, before, 'queue cancel');
  if (isFinished(before)) throw hasEnded(before);
  return cancelOpen(context, id, { message: `${whoAsks(context)} cancelled it`, say });
}

/** The error for a task that cannot be changed any more. */
export function hasEnded({ id, state, failure }: QueueItem): AppError {
  const how = failure === null ? state : `${state}: ${failure.class}`;
  return new AppError('has_ended', `${id} has ended already (${how})`, {
    hint: `to do it again, run: kugetsu queue retry ${id}`,
  });
}

type Say = (line: string) => void;

async function cancelOpen(
  context: Context,
  id: string,
  { message, say }: { readonly message: string; readonly say: Say },
): Promise<QueueItem> {
  await settleItem(context, id, { type: 'cancelled', message });
  const { clock } = context;
  const deadline = clock.monotonic() + LONGEST_WAIT_MS;
  for (let said = ''; ;) {
    const item = await findTask(context, id);
    if (isFinished(item)) return item;
    const waits = whatIsEnded(item, await otherHost(context, item));
    if (waits !== said) say(waits);
    said = waits;
    if (clock.monotonic() >= deadline) throw stillOpen(id);
    if (!isWaitingForChildren(item)) await unlessOver(async () => stopWherever(context, id));
    await endChildren(context, item, say);
    // Whoever claimed it may be dead, and no daemon may be there to notice.
    const now = await findTask(context, id);
    await reconcileItem(context, now, { takeOver: true });
    await clock.sleep(POLL_MS);
  }
}

function whatIsEnded(item: QueueItem, host: string | undefined): string {
  const { id, run_id: runId, children } = item;
  if (!isWaitingForChildren(item)) {
    const where = host === undefined ? '' : ` on host ${host}`;
    return `${id}: waiting for its agent to end${where} (run ${runId ?? 'being claimed'})`;
  }
  const open = children.filter(({ outcome }) => outcome === null);
  return `${id}: waiting for what it has started to end: ${open.map((child) => child.issue_ref ?? child.id).join(', ')}`;
}

/** Ends all that the agents of a task have started and that goes on. @param say as for {@link cancelTask} */
export async function endChildren(context: Context, item: QueueItem, say: Say): Promise<void> {
  for (const child of item.children.filter(({ outcome }) => outcome === null)) {
    await unlessOver(async () =>
      child.kind === 'run' ? endRun(context, item, child) : cancelChild(context, child.id, { parent: item.id, say }),
    );
  }
}

async function endRun(context: Context, parent: QueueItem, child: Child): Promise<void> {
  const { host } = child;
  if (host === undefined || host === (await context.queue.host())) await stopRun(context, child.id);
  else await stopChildElsewhere(context, parent, { ...child, host });
}

async function cancelChild(
  context: Context,
  id: string,
  { parent, say }: { readonly parent: string; readonly say: Say },
): Promise<void> {
  const child = await context.queue.read(id);
  if (child === undefined || isFinished(child)) return;
  await cancelOpen(context, id, { message: `${parent}, which it was made for, was ended`, say });
}

/** What is over, or gone, need not be ended. */
async function unlessOver(end: () => Promise<unknown>): Promise<void> {
  try {
    await end();
  } catch (error) {
    const over = error instanceof AppError && ['not_running', 'no_run', 'no_session', 'no_task'].includes(error.code);
    if (!over) throw error;
  }
}

function stillOpen(id: string): AppError {
  return new AppError('busy', `${id} will not be tried again, but its agent has not ended yet`, {
    hint: `try again in a moment, or run: kugetsu queue explain ${id}`,
    exit: EXIT.busy,
  });
}
