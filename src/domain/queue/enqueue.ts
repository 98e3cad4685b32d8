import { isoMsWithOffset } from '../../util/time.ts';
import type { Context } from './context.ts';
import { formatIssueRef, type IssueRef, requireMessage } from '../issues/issue-ref.ts';
import { excerpt } from '../notifications/tell.ts';
import type { DoneWhen } from '../runs/run-schema.ts';
import type { QueueItem } from './queue-item.ts';
import type { Change } from './queue-store.ts';
import { newTaskId, originTask, parentTask } from '../issues/task-id.ts';

type Needs = Pick<Context, 'home' | 'clock' | 'env' | 'settings' | 'queue'>;

interface NewTask {
  /** The issue for a development task; without one the task is the PM agent's. */
  readonly ref: IssueRef | undefined;
  readonly message: string;
  /** Whether the issue is to be started anew at the default branch, whatever session it has and whatever was pushed. */
  readonly fresh?: boolean | undefined;
  /** The branch, tag or commit at which the issue is to be started anew. */
  readonly from?: string | undefined;
  /** The number of the pull or merge request with which the issue is to be started anew. */
  readonly pr?: number | undefined;
  /** When its agent is done; as the repository or the settings say without. */
  readonly doneWhen?: DoneWhen | undefined;
  /** Whether the worktree of an agent that goes on is set up again first. */
  readonly setup?: boolean | undefined;
  readonly when?: When;
}

/** When a task's turn comes. */
export interface When {
  /** A higher one goes first; that of the task that waits for it, or 0, without. */
  readonly priority?: number | undefined;
  /** The tasks that have to end before it begins. */
  readonly after?: readonly string[];
  /** Whether it begins however those end. */
  readonly afterAny?: boolean;
  /** The earliest time at which it begins, in milliseconds since the epoch; null for none. */
  readonly notBefore?: number | null | undefined;
}

/**
 * Puts a task at the end of the queue; it is durable when this returns, whether or not a daemon runs. In the run of a PM
 * task it becomes that task's child.
 *
 * @throws AppError usage (exit code 2) for an empty message or a circle of tasks, `no_task` and `has_ended` for what it is to come
 * after, `people_only` for a priority above that of the agent's own task, `too_deep` when an agent asks and has made enough
 * tasks, `run_over` when its run is no longer the one of its task
 */
export async function enqueue(context: Needs, { when = {}, ...task }: NewTask): Promise<QueueItem> {
  const { message } = task;
  requireMessage(message);
  const now = context.clock.now();
  const plain = newItem(context, task, now);
  const item = { ...plain, ...(await timing(context, plain, when)) };
  if (item.origin !== null) await requireAllowed(context, item);
  const { id, issue_ref, parent } = item;
  await context.queue.add(item, {
    news: [{ type: 'task_queued', message: [excerpt(message)], issue_ref, task: id, at: now }],
    parent: parent === null ? undefined : { id: parent, change: await withChild(context, item) },
  });
  return item;
}

function newItem(
  { env }: Pick<Needs, 'env'>,
  { ref, message, fresh = false, from, pr, setup = false, doneWhen }: NewTask,
  now: number,
): QueueItem {
  return {
    id: newTaskId(now),
    type: ref === undefined ? 'pm' : 'issue',
    issue_ref: ref === undefined ? null : formatIssueRef(ref),
    message,
    ...(fresh ? { fresh } : {}),
    ...(from === undefined ? {} : { from }),
    ...(pr === undefined ? {} : { pr }),
    ...(doneWhen === undefined ? {} : { done_when: doneWhen }),
    ...(setup ? { setup } : {}),
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

/** Few tasks have any of it. */
async function timing(context: Needs, item: QueueItem, when: When): Promise<Partial<QueueItem>> {
  const isPlain = Object.values(when).every((value) => value === undefined || value === false);
  if (isPlain && item.parent === null) return {};
  const { timingOf } = await import('./timing.ts');
  return timingOf(context, item, when);
}

async function requireAllowed(context: Needs, item: QueueItem): Promise<void> {
  const { requireChildAllowed } = await import('./child-limits.ts');
  await requireChildAllowed(context, item);
}

/** What becomes of the task that waits for a new one. */
async function withChild(context: Needs, { id, issue_ref }: QueueItem): Promise<Change> {
  const { advance } = await import('./advance.ts');
  const { childLimit, requireOnTask, tooDeep } = await import('./child-limits.ts');
  const { PM_MAX_CHILDREN: most } = await context.settings();
  const child = { kind: 'item', id, issue_ref, outcome: null } as const;
  return (parent, now) => {
    requireOnTask(context, parent);
    // Several of its commands may run at once; what counts is what the task says when it changes.
    const problem = childLimit(parent, most);
    if (problem !== undefined) throw tooDeep(problem);
    return advance(parent, { type: 'child_added', child }, now);
  };
}
