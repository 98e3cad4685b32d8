import type { IssueRef } from '../../domain/issues/issue-ref.ts';
import { AppError } from '../../util/errors.ts';
import type { CliContext } from '../context.ts';

/** The options that `start` and `continue` have in common. */
export interface AgentOptions {
  readonly follow?: boolean;
  readonly debug?: boolean;
  readonly queue?: boolean;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

interface AgentTask {
  readonly ref: IssueRef;
  readonly kind: 'start' | 'continue';
  readonly message: string;
}

/**
 * Puts an agent to work, and waits until it is, or with `follow` until it has ended. When no slot is free the task goes to
 * the queue, if that was asked for or the PM agent asks: it cannot wait for a slot.
 */
export async function startOrQueue(context: CliContext, task: AgentTask, options: AgentOptions): Promise<void> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { startIssue } = await import('../../domain/work/start-issue.ts');
  const { follow = false, debug = false, json = false, fresh = false } = options;
  try {
    const run = await startIssue(context, { ...task, debug, fresh });
    const { watchRun } = await import('./watch-run.ts');
    await watchRun(context, { ref: formatIssueRef(task.ref), run, follow, debug, json });
  } catch (error) {
    const { parentTask } = await import('../../domain/queue/task-variable.ts');
    const mayQueue = options.queue === true || parentTask(context.env) !== undefined;
    if (!mayQueue || !(error instanceof AppError) || error.code !== 'no_slot') throw error;
    const { enqueue } = await import('../../domain/queue/enqueue.ts');
    const { printQueued } = await import('./kit.ts');
    const item = await enqueue(context, { ...task, fresh });
    context.terminal.err(`no agent slot is free: queued as ${item.id}`);
    await printQueued(context, item, json);
  }
}
