import { withLock } from '../../adapters/store/lock.ts';
import type { Context } from './context.ts';
import { formatIssueRef, type IssueRef, requireMessage } from '../issues/issue-ref.ts';
import type { DoneWhen } from '../runs/run-schema.ts';
import { advance } from './advance.ts';
import { requireOnTask } from './child-limits.ts';
import { enqueue, type When } from './enqueue.ts';
import type { QueueItem } from './queue-item.ts';
import { parentTask } from '../issues/task-id.ts';
import { waitsFor } from './timing.ts';
import { inTurn } from './turns.ts';

type Needs = Pick<Context, 'home' | 'clock' | 'env' | 'settings' | 'queue'>;

interface NewIssueTask {
  readonly ref: IssueRef;
  readonly message: string;
  readonly fresh: boolean;
  readonly from?: string | undefined;
  readonly pr?: number | undefined;
  readonly setup?: boolean | undefined;
  readonly doneWhen?: DoneWhen | undefined;
  readonly when: When;
}

/**
 * As {@link enqueue}, unless a task of the issue waits already: then that one is the answer, and nothing is added. Two calls
 * at once add one task. In the run of a PM task, that one waits for it in either case.
 */
export async function enqueueOnce(
  context: Needs,
  task: NewIssueTask,
): Promise<{ readonly item: QueueItem; readonly joined: boolean }> {
  requireMessage(task.message);
  return withLock(onceLock(context.home), async () => {
    const known = await lastWaiting(context, formatIssueRef(task.ref));
    if (known === undefined || !(await joinedBy(context, known))) {
      return { item: await enqueue(context, task), joined: false };
    }
    return { item: known, joined: true };
  });
}

/** The lock under which tasks are added that are to be there once. */
export function onceLock({ queueLock }: Pick<Context['home'], 'queueLock'>): string {
  return `${queueLock}.once`;
}

/** The waiting task of the same issue that goes right before this one. */
export async function taskAhead(context: Needs, { id, issue_ref: ref }: QueueItem): Promise<QueueItem | undefined> {
  const line = await waitingFor(context, ref);
  const place = line.findIndex((other) => other.id === id);
  return place > 0 ? line[place - 1] : undefined;
}

async function lastWaiting(context: Needs, ref: string): Promise<QueueItem | undefined> {
  return (await waitingFor(context, ref)).at(-1);
}

async function waitingFor({ queue }: Needs, ref: string | null): Promise<QueueItem[]> {
  const open = await queue.open(async () => undefined);
  return inTurn(open.filter((item) => item.state === 'pending' && item.issue_ref === ref));
}

/** Makes the task a child of the PM task that asks, if one does. @returns false when they would wait for each other */
async function joinedBy(context: Needs, { id, issue_ref }: QueueItem): Promise<boolean> {
  const parent = parentTask(context.env);
  if (parent === undefined) return true;
  if (await waitsFor(context, id, parent)) return false;
  const child = { kind: 'item', id, issue_ref, outcome: null } as const;
  await context.queue.update(parent, (item, now) => {
    requireOnTask(context, item);
    return advance(item, { type: 'child_added', child }, now);
  });
  return true;
}
