import { kindOf } from '../../util/error-codes.ts';
import { said, words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import type { News } from '../notifications/notification-schema.ts';
import type { TaskNews } from '../notifications/tell.ts';
import { CLAIM_INTERRUPTED } from '../runs/abandoned.ts';
import type { Run, Verdict } from '../runs/run-schema.ts';
import { advance, isFinished, JITTER, type Backoff, type QueueEvent } from '../queue/advance.ts';
import { countEnd } from '../queue/breakers.ts';
import { CANCELLATION, type Cause } from '../queue/end-task.ts';
import type { Child, QueueItem } from '../queue/queue-item.ts';
import type { Change, ItemChange } from '../queue/queue-store.ts';

type Needs = Pick<Context, 'queue' | 'settings'>;
type Settling = Needs & Pick<Context, 'home'>;

/** How long a task that kugetsu was not ready for waits, in milliseconds. */
export const NOT_READY_WAIT_MS = 60_000;

/**
 * Applies an event to a task, and everything that follows from it: the notification when the task has ended, and the
 * news to the task that it is a child of. Applying an event again changes nothing, but goes on with what follows: whoever
 * applied it first may have died over that, or may not have heard that it was applied.
 *
 * @returns the task afterwards, changed or not; undefined when there is none of this id
 */
export async function settleItem(
  context: Needs,
  id: string,
  event: QueueEvent | EventAt,
): Promise<QueueItem | undefined> {
  const after = await applyEvent(context, id, event);
  if (after !== undefined && isFinished(after)) await settleParents(context, after);
  return after;
}

/** The event alone, with the notification. @returns the task afterwards */
async function applyEvent(context: Needs, id: string, event: QueueEvent | EventAt): Promise<QueueItem | undefined> {
  const at: EventAt = typeof event === 'function' ? event : () => event;
  let held = false;
  const change: Change = (item, now) => {
    const happened = at(now);
    held = happened.type === 'held_up';
    return advance(item, happened, now);
  };
  const changed = await context.queue.update(id, change, { news: (each) => newsOf(each, held) });
  return changed?.after;
}

/** Tells the task that waits for a finished one, and so on upwards. Files that name each other in a circle end it. */
async function settleParents(context: Needs, finished: QueueItem): Promise<void> {
  const seen = new Set<string>();
  let child: QueueItem | undefined = finished;
  while (child !== undefined && isFinished(child) && child.parent !== null && !seen.has(child.id)) {
    seen.add(child.id);
    child = await applyEvent(context, child.parent, childEnded(child));
  }
}

/** That something that a PM task has started has ended. */
export type ChildEnded = Extract<QueueEvent, { type: 'child_ended' }>;

/** What a finished task is to the task that waits for it. */
export function childEnded(item: QueueItem): ChildEnded {
  const { id, failure, finished_at: endedAt } = item;
  return { type: 'child_ended', id, outcome: outcomeOf(item), not_begun: failure?.not_begun === true, endedAt };
}

/** What a run that has ended is to the PM task that started it. */
export function childRunEnded(id: string, { outcome, class: how }: Pick<Verdict, 'outcome' | 'class'>): ChildEnded {
  return { type: 'child_ended', id, outcome, not_begun: how === CLAIM_INTERRUPTED };
}

/** An event that names a time: made from the store's, in milliseconds since the epoch. */
type EventAt = (now: number) => QueueEvent;

/**
 * Settles what depends on a run that has ended: the task that it was an attempt at, and the PM task that started it.
 *
 * @returns the task that it was an attempt at, afterwards; undefined when there is none
 */
export async function settleRunTasks(
  context: Settling,
  run: Pick<Run, 'id' | 'task' | 'parent'>,
  verdict: Verdict,
): Promise<QueueItem | undefined> {
  if (typeof run.task !== 'string' && typeof run.parent !== 'string') {
    await context.queue.wake();
    return undefined;
  }
  const attempted =
    typeof run.task === 'string'
      ? await settleItem(context, run.task, await attemptEnded(context, { task: run.task, run: run.id }, verdict))
      : undefined;
  // A run that is an attempt at a task is no child itself: its task is.
  if (typeof run.parent === 'string' && typeof run.task !== 'string') {
    await settleItem(context, run.parent, childRunEnded(run.id, verdict));
  }
  await context.queue.wake();
  return attempted;
}

/**
 * What the end of a run means for the task: an attempt, or nothing when the run never began, kugetsu was not ready, or many
 * tasks fail of the same.
 */
export async function attemptEnded(
  context: Settling,
  { task, run: runId }: { readonly task: string; readonly run: string },
  verdict: Verdict,
): Promise<QueueEvent | EventAt> {
  if (verdict.class === CLAIM_INTERRUPTED) return { type: 'released', runId, notBefore: null };
  const { outcome, class: failureClass, message } = verdict;
  const failure = { class: failureClass, message };
  if (await countEnd(context, { task, run: runId, outcome, ...failure })) return heldByBreak(runId, failure);
  if (outcome === 'failed' && kindOf(failureClass) === 'not_ready') return heldUp(runId, failure);
  return { type: 'run_ended', runId, verdict, backoff: await backoff(context) };
}

/** The task goes back, because kugetsu was not ready for it. */
export function heldUp(runId: string | null, failure: Cause): EventAt {
  return (now) => ({ type: 'held_up', runId, notBefore: now + NOT_READY_WAIT_MS, failure });
}

/** The task goes back, because many tasks fail of the same: the break holds it, and nothing else. */
export function heldByBreak(runId: string | null, failure: Cause): EventAt {
  return (now) => ({ type: 'held_up', runId, notBefore: now, failure });
}

/** How long a task is to wait for its next attempt, by the settings. */
export async function backoff({ settings }: Pick<Context, 'settings'>): Promise<Backoff> {
  const { QUEUE_RETRY_BASE_SECONDS: base } = await settings();
  return { baseMs: base * 1000, jitter: JITTER.least + Math.random() * (JITTER.most - JITTER.least) };
}

/** What is told of a change: that the task has ended, or that it waits for kugetsu to be ready. */
function newsOf({ before, after }: ItemChange, held: boolean): News[] {
  if (isFinished(after)) return isFinished(before) ? [] : [newsOfEnd(after)];
  return held && after.failure?.class !== before.failure?.class ? [newsOfWait(after)] : [];
}

function newsOfWait({ id, issue_ref, failure }: QueueItem): TaskNews {
  return {
    type: 'task_waiting',
    message: words`${failure?.class ?? 'not_ready'}: ${failure?.message ?? ''}; run: kugetsu doctor`,
    issue_ref,
    task: id,
  };
}

function newsOfEnd({ id, issue_ref, state, failure, reply }: QueueItem): TaskNews {
  const succeeded = state === 'completed';
  return {
    type: succeeded ? 'task_completed' : 'task_error',
    message: succeeded ? [said(reply || 'done', Infinity)] : `${failure?.class ?? 'failed'}: ${failure?.message ?? ''}`,
    issue_ref,
    task: id,
  };
}

/** The outcome of a finished task, as its parent sees it. */
export function outcomeOf({ state, failure }: QueueItem): NonNullable<Child['outcome']> {
  if (state === 'completed') return 'succeeded';
  return failure?.class === 'stopped' || failure?.class === CANCELLATION.class ? 'stopped' : 'failed';
}
