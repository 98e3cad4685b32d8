import { AppError } from '../../util/errors.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import type { Context } from './context.ts';
import { isWaitingForChildren } from './advance.ts';
import type { QueueItem } from './queue-item.ts';

type Needs = Pick<Context, 'home' | 'clock' | 'env' | 'settings' | 'queue'>;

/** What an agent wants to start: an agent on an issue, or a task of the PM agent. */
interface NewChild {
  readonly type: QueueItem['type'];
  /** The PM task that waits for it. */
  readonly parent: string | null;
  /** The task that the agent works for; it need not wait for what it makes. */
  readonly origin: string | null;
}

/**
 * Refuses what an agent wants to start when its PM task has started PM_MAX_CHILDREN already, or when PM_MAX_DEPTH tasks of
 * that type made each other: an agent that hands its own task on would never end. The person is notified once per task.
 *
 * @throws AppError `too_deep`, or `run_over` when the run of the agent that asks is no longer the one of its task
 */
export async function requireChildAllowed(context: Needs, child: NewChild): Promise<void> {
  const id = child.parent ?? child.origin;
  const maker = id === null ? undefined : await context.queue.read(id);
  if (maker === undefined) return;
  await requireOnRun(context, maker, child.origin);
  const { PM_MAX_CHILDREN: mostChildren, PM_MAX_DEPTH: mostDepth } = await context.settings();
  const problem =
    childLimit(maker, mostChildren) ?? depthLimit(await depthOf(context, maker, child.type), mostDepth, child.type);
  if (problem === undefined) return;
  await tellOnce(context, maker, problem);
  throw tooDeep(problem);
}

/** A run that was given up may still have a process: what that starts is no child of the attempt that has taken its place. */
async function requireOnRun(context: Needs, maker: QueueItem, origin: string | null): Promise<void> {
  requireOnTask(context, maker);
  const run = callingAgent(context.env)?.runId;
  if (run === undefined || origin === null) return;
  const task = origin === maker.id ? maker : await context.queue.read(origin);
  if (task?.type === 'issue' && !isWorkedOnBy(task, run)) throw runOver(task, run);
}

/** @throws AppError `run_over` for a PM agent that is not, or no longer, the one at work on its task */
export function requireOnTask({ env }: Pick<Context, 'env'>, task: QueueItem): void {
  const caller = callingAgent(env);
  if (caller?.agent !== 'pm-agent' || task.type !== 'pm' || isWorkedOnBy(task, caller.runId)) return;
  throw runOver(task, caller.runId);
}

function isWorkedOnBy(task: QueueItem, run: string): boolean {
  return task.run_id === run && task.state === 'notified' && !isWaitingForChildren(task);
}

function runOver({ id }: QueueItem, run: string): AppError {
  return new AppError('run_over', `this run is over: ${id} is no longer worked on by ${run}`, {
    hint: 'start nothing more, and end your turn',
  });
}

/** Why a task may have no more children; undefined when it may. */
export function childLimit({ children }: Pick<QueueItem, 'children'>, most: number): string | undefined {
  // A person who retries a task wants more of it.
  const started = children.filter(({ earlier }) => earlier !== true).length;
  if (started < most) return undefined;
  return `this task has started ${started} agents and tasks, and PM_MAX_CHILDREN is ${most}`;
}

/** The error for a task too many. */
export function tooDeep(problem: string): AppError {
  return new AppError('too_deep', problem, {
    hint: 'start nothing more: do the rest yourself, or say in your answer what is left to do',
  });
}

function depthLimit(depth: number, most: number, type: QueueItem['type']): string | undefined {
  if (depth < most) return undefined;
  const what = type === 'pm' ? 'delegated' : 'enqueued';
  return `this task is number ${depth} in a chain of tasks that agents ${what}, and PM_MAX_DEPTH is ${most}`;
}

/** How many tasks of a type made each other, down to this one. A file that names itself ends the walk. */
async function depthOf(context: Needs, maker: QueueItem, type: QueueItem['type']): Promise<number> {
  const chain = new Map<string, QueueItem>();
  let at: QueueItem | undefined = maker;
  while (at !== undefined && !chain.has(at.id)) {
    chain.set(at.id, at);
    const above: string | null = at.parent ?? at.origin;
    at = above === null ? undefined : await context.queue.read(above);
  }
  return [...chain.values()].filter((item) => item.type === type).length;
}

/** A loop asks again and again; one notification is enough. */
async function tellOnce(context: Needs, { id, issue_ref }: QueueItem, problem: string): Promise<void> {
  await context.queue.update(id, (item) => (item.limit_reached === null ? { ...item, limit_reached: problem } : item), {
    news: () => [{ type: 'task_error', message: `refused (too_deep): ${problem}`, issue_ref, task: id }],
  });
}
