import type { DoneWhen } from '../../domain/runs/run-schema.ts';
import type { IssueRef } from '../../domain/issues/issue-ref.ts';
import { AppError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { pullRequestOf } from './task-options.ts';
import { messageArgument, printQueued } from './kit.ts';

/** What `start` and `continue` are both given. */
interface AgentOptions {
  readonly ref: string;
  readonly message: string;
  readonly follow: boolean;
  readonly debug: boolean;
  readonly queue: boolean;
  readonly doneWhen: DoneWhen | undefined;
  readonly json: boolean;
}

interface AgentTask {
  readonly ref: IssueRef;
  readonly kind: 'start' | 'continue';
  readonly message: string;
  readonly fresh: boolean;
  readonly from?: string | undefined;
  readonly pr?: number | undefined;
  readonly doneWhen: DoneWhen | undefined;
  readonly setup?: boolean;
  readonly onAlone?: (() => void) | undefined;
}

interface StartOptions extends AgentOptions {
  readonly here: boolean;
  readonly fresh: boolean;
  readonly from: string | undefined;
  readonly pr: string | undefined;
}

/** Puts an agent to work, and waits until it is, or with `follow` until it has ended. */
export async function start({ context }: Call, given: StartOptions): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const ref = await resolveIssueRef(context, given.ref);
  const message = await messageArgument(context, given.message);
  const { fresh, from, doneWhen } = given;
  const pr = pullRequestOf(given);
  const onAlone = given.here ? (): void => context.terminal.err(ALONE) : undefined;
  await startOrQueue(context, { ref, kind: 'start', message, fresh, from, pr, doneWhen, onAlone }, given);
}

interface ContinueOptions extends AgentOptions {
  readonly setup: boolean;
}

/** Gives an issue's agent another message, and waits until it is at work, or with `follow` until it has ended. */
export async function continueIssue({ context }: Call, given: ContinueOptions): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const ref = await resolveIssueRef(context, given.ref);
  const message = await messageArgument(context, given.message);
  const { doneWhen, setup } = given;
  await startOrQueue(context, { ref, kind: 'continue', message, fresh: false, setup, doneWhen }, given);
}

const ALONE = "note: the fleet's queue cannot be reached: if another host has the issue, two agents work on it";

/** What a task in the queue waits for. */
const WAITS: ReadonlySet<string> = new Set(['no_slot', 'low_memory']);

/**
 * Puts an agent to work, and waits until it is, or with `follow` until it has ended. When no slot or memory is free the task goes to
 * the queue, if that was asked for or the PM agent asks: it cannot wait for a slot.
 */
async function startOrQueue(
  context: CliContext,
  task: AgentTask,
  { follow, debug, json, queue }: Pick<AgentOptions, 'follow' | 'debug' | 'json' | 'queue'>,
): Promise<void> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { startIssue } = await import('../../domain/work/start-issue.ts');
  const { parentTask } = await import('../../domain/issues/task-id.ts');
  const mayQueue = queue || parentTask(context.env) !== undefined;
  try {
    if (mayQueue) await (await import('../../domain/work/queue-situation.ts')).requireMemory(context);
    const run = await startIssue(context, { ...task, debug });
    const { watchRun } = await import('./watch-run.ts');
    await watchRun(context, { ref: formatIssueRef(task.ref), run, follow, debug, json });
  } catch (error) {
    if (!mayQueue || !(error instanceof AppError) || !WAITS.has(error.code)) throw error;
    const { enqueue } = await import('../../domain/queue/enqueue.ts');
    const item = await enqueue(context, task);
    const why = error.code === 'no_slot' ? 'no agent slot is free' : error.message;
    context.terminal.err(`${why}: queued as ${item.id}`);
    await printQueued(context, item, json);
  }
}
