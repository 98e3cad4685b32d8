import { randomBytes } from '../../adapters/random.ts';
import { timeOrderedId } from '../../util/ids.ts';
import { isoMsWithOffset } from '../../util/time.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { excerpt, tellSoon } from '../notifications/tell.ts';
import { requireMessage } from '../issues/require-message.ts';
import type { QueueItem } from './queue-item.ts';
import { addItem } from './add-item.ts';
import { originTask, parentTask } from './task-variable.ts';

type Needs = Pick<Context, 'home' | 'clock' | 'env' | 'settings'>;

interface NewTask {
  /** The issue for a development task; without one the task is the PM agent's. */
  readonly ref: IssueRef | undefined;
  readonly message: string;
  /** Whether the issue is to be started anew at the default branch, whatever session it has and whatever was pushed. */
  readonly fresh?: boolean | undefined;
}

/**
 * Puts a task at the end of the queue; it is durable when this returns, whether or not a daemon runs. In the run of a PM
 * task it becomes that task's child.
 *
 * @throws AppError usage (exit code 2) for an empty message, `too_deep` when an agent asks and has made enough tasks
 */
export async function enqueue(context: Needs, { ref, message, fresh }: NewTask): Promise<QueueItem> {
  requireMessage(message);
  const now = context.clock.now();
  const item = newItem(context, { ref, message, fresh }, now);
  if (item.origin !== null) await requireAllowed(context, item);
  // The parent learns of its child first: it must not be done before it.
  if (item.parent !== null) await addToParent(context, item.parent, item);
  await addItem(context, item);
  const { id, issue_ref } = item;
  await tellSoon(context, { type: 'task_queued', message: [excerpt(message)], issue_ref, task: id, at: now });
  return item;
}

function newItem({ env }: Pick<Needs, 'env'>, { ref, message, fresh = false }: NewTask, now: number): QueueItem {
  return {
    id: timeOrderedId('q_', now, randomBytes(8)),
    type: ref === undefined ? 'pm' : 'issue',
    issue_ref: ref === undefined ? null : formatIssueRef(ref),
    message,
    ...(fresh ? { fresh } : {}),
    state: 'pending',
    created_at: isoMsWithOffset(now),
    finished_at: null,
    attempts: 0,
    next_attempt_at: null,
    failure: null,
    parent: parentTask(env) ?? null,
    origin: originTask(env) ?? null,
    limit_reached: null,
    run_id: null,
    claimed_by: null,
    run: null,
    session_id: null,
    children: [],
    reply: null,
  };
}

async function requireAllowed(context: Needs, item: QueueItem): Promise<void> {
  const { requireChildAllowed } = await import('./child-limits.ts');
  await requireChildAllowed(context, item);
}

async function addToParent(context: Needs, parent: string, { id, issue_ref }: QueueItem): Promise<void> {
  const { updateItem } = await import('./queue-store.ts');
  const { advance } = await import('./advance.ts');
  const child = { kind: 'item', id, issue_ref, outcome: null } as const;
  const { childLimit, tooDeep } = await import('./child-limits.ts');
  const { PM_MAX_CHILDREN: most } = await context.settings();
  await updateItem(context, parent, (item) => {
    // Several of its commands may run at once; what counts is what the file says under its lock.
    const problem = childLimit(item, most);
    if (problem !== undefined) throw tooDeep(problem);
    return advance(item, { type: 'child_added', child }, context.clock.now());
  });
}
