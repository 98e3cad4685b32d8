import { join } from 'node:path';
import { touchFile } from '../../adapters/store/private-files.ts';
import { kindOf } from '../../util/error-codes.ts';
import { said, words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { tell } from '../notifications/tell.ts';
import { CLAIM_INTERRUPTED } from '../runs/abandoned.ts';
import type { Run, Verdict } from '../runs/run-schema.ts';
import { advance, isFinished, type Backoff, type QueueEvent } from '../queue/advance.ts';
import type { Child, QueueItem } from '../queue/queue-item.ts';
import { updateItem } from '../queue/queue-store.ts';

type Needs = Pick<Context, 'home' | 'clock' | 'env' | 'settings'>;

/** How long a task that kugetsu was not ready for waits, in milliseconds. */
export const NOT_READY_WAIT_MS = 60_000;

/** The file whose change wakes the daemon when something else than a task has changed; watchers see its directory. */
const WAKE_FILE = '.wake';

/**
 * Applies an event to a task, and everything that follows from it: the notification when the task has ended, and the
 * news to the task that it is a child of. Applying an event again changes nothing.
 *
 * @returns the task afterwards; undefined when the event changed nothing
 */
export async function settleItem(context: Needs, id: string, event: QueueEvent): Promise<QueueItem | undefined> {
  const changed = await updateItem(
    context,
    id,
    (item) => advance(item, event, context.clock.now()),
    async ({ before, after }) => {
      if (isFinished(after) && !isFinished(before)) await announceEnd(context, after);
      if (event.type === 'held_up' && after.failure?.class !== before.failure?.class)
        await announceWait(context, after);
    },
  );
  if (changed === undefined) return undefined;
  const { before, after } = changed;
  if (isFinished(after) && !isFinished(before) && after.parent !== null) {
    await settleItem(context, after.parent, { type: 'child_ended', id, outcome: outcomeOf(after) });
  }
  return after;
}

/** Settles what depends on a run that has ended: the task that it was an attempt at, and the PM task that started it. */
export async function settleRunTasks(
  context: Needs,
  run: Pick<Run, 'id' | 'task' | 'parent'>,
  verdict: Verdict,
): Promise<void> {
  if (typeof run.task !== 'string' && typeof run.parent !== 'string') {
    await wakeDaemon(context);
    return;
  }
  if (typeof run.task === 'string') await settleItem(context, run.task, await runEnded(context, run.id, verdict));
  // A run that is an attempt at a task is no child itself: its task is.
  if (typeof run.parent === 'string' && typeof run.task !== 'string') {
    await settleItem(context, run.parent, { type: 'child_ended', id: run.id, outcome: verdict.outcome });
  }
  await wakeDaemon(context);
}

/** What the end of a run means for the task: an attempt, or nothing when the run never began or kugetsu was not ready. */
export async function runEnded(
  context: Pick<Context, 'settings' | 'clock'>,
  runId: string,
  verdict: Verdict,
): Promise<QueueEvent> {
  if (verdict.class === CLAIM_INTERRUPTED) return { type: 'released', runId, notBefore: null };
  if (verdict.outcome === 'failed' && kindOf(verdict.class) === 'not_ready') {
    const failure = { class: verdict.class, message: verdict.message };
    return { type: 'held_up', runId, notBefore: context.clock.now() + NOT_READY_WAIT_MS, failure };
  }
  return { type: 'run_ended', runId, verdict, backoff: await backoff(context) };
}

/** How long a task is to wait for its next attempt, by the settings. */
export async function backoff({ settings }: Pick<Context, 'settings'>): Promise<Backoff> {
  const { QUEUE_RETRY_BASE_SECONDS: base } = await settings();
  return { baseMs: base * 1000, jitter: 0.5 + Math.random() };
}

/** Makes a running daemon look at once: a slot may be free. */
export async function wakeDaemon({ home }: Pick<Context, 'home'>): Promise<void> {
  await touchFile(join(home.queueItems, WAKE_FILE));
}

async function announceWait(context: Needs, { id, issue_ref, failure }: QueueItem): Promise<void> {
  await tell(context, {
    type: 'task_waiting',
    message: words`${failure?.class ?? 'not_ready'}: ${failure?.message ?? ''}; run: kugetsu doctor`,
    issue_ref,
    task: id,
  });
}

async function announceEnd(context: Needs, item: QueueItem): Promise<void> {
  const { id, issue_ref, state, failure } = item;
  const succeeded = state === 'completed';
  await tell(context, {
    type: succeeded ? 'task_completed' : 'task_error',
    message: succeeded
      ? [said(item.reply || 'done', Infinity)]
      : `${failure?.class ?? 'failed'}: ${failure?.message ?? ''}`,
    issue_ref,
    task: id,
  });
}

/** The outcome of a finished task, as its parent sees it. */
export function outcomeOf({ state, failure }: QueueItem): NonNullable<Child['outcome']> {
  if (state === 'completed') return 'succeeded';
  return failure?.class === 'stopped' ? 'stopped' : 'failed';
}
