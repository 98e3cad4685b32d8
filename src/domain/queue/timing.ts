import { AppError, usageError } from '../../util/errors.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from './context.ts';
import { callingAgent, peopleOnly } from '../runs/agent-rights.ts';
import { isFinished } from './advance.ts';
import type { When } from './enqueue.ts';
import { findTask } from './find-task.ts';
import type { Dependency, QueueItem } from './queue-item.ts';
import type { Edit } from './wishes.ts';

type Needs = Pick<Context, 'env' | 'queue'>;

/** What a new task has of its turn: a child inherits the priority of the task that waits for it. @throws as `enqueue` */
export async function timingOf(context: Needs, item: QueueItem, when: When): Promise<Partial<QueueItem>> {
  const most = await makersPriority(context, item);
  const priority = when.priority ?? (item.parent === null ? 0 : most);
  requirePriority(context, priority, most);
  const after = await dependencies(context, item, when);
  return {
    ...(priority === 0 ? {} : { priority }),
    ...(after.length === 0 ? {} : { after }),
    ...(when.afterAny === true && after.length > 0 ? { after_any: true } : {}),
    ...(when.notBefore == null ? {} : { not_before: isoWithOffset(when.notBefore) }),
  };
}

/**
 * What a waiting task is to have instead of its conditions.
 *
 * @throws AppError as {@link timingOf}
 */
export async function editOf(context: Needs, item: QueueItem, when: When): Promise<Edit> {
  const { priority, after, afterAny, notBefore } = when;
  if (priority !== undefined) requirePriority(context, priority, await makersPriority(context, item));
  const any = afterAny ?? (after === undefined ? undefined : false);
  return {
    priority,
    after: after === undefined ? undefined : await dependencies(context, item, when),
    afterAny: any,
    notBefore: notBefore === undefined || notBefore === null ? notBefore : isoWithOffset(notBefore),
  };
}

/** The priority of the task in whose run this one was made. */
async function makersPriority(context: Needs, { parent, origin }: QueueItem): Promise<number> {
  const maker = parent ?? origin;
  return maker === null ? 0 : ((await context.queue.read(maker))?.priority ?? 0);
}

function requirePriority({ env }: Needs, priority: number, most: number): void {
  if (callingAgent(env) === undefined || priority <= most) return;
  throw peopleOnly(`--priority ${priority}`, `the task that it works for has priority ${most}`);
}

async function dependencies(context: Needs, item: QueueItem, { after = [], afterAny }: When): Promise<Dependency[]> {
  const found: Dependency[] = [];
  for (const id of new Set(after)) found.push(await dependency(context, id, { item, any: afterAny === true }));
  return found;
}

async function dependency(
  context: Needs,
  id: string,
  { item: { id: own, parent }, any }: { readonly item: QueueItem; readonly any: boolean },
): Promise<Dependency> {
  const other = await findTask(context, id);
  if (await waitsFor(context, id, own)) {
    const what =
      id === own ? `${own} cannot come after itself` : `${id} waits for ${own}: each would wait for the other`;
    throw usageError(what, `run: kugetsu queue explain ${id}`);
  }
  if (parent !== null && (await waitsFor(context, id, parent))) {
    throw usageError(
      `${id} waits for ${parent}, which waits for what it starts: the task would wait for itself`,
      'leave --after out',
    );
  }
  if (!isFinished(other)) return { id, outcome: null };
  if (other.state === 'completed') return { id, outcome: 'succeeded' };
  if (any) return { id, outcome: 'failed' };
  throw new AppError('has_ended', `${id} has ended in error already (${other.failure?.class ?? 'failed'})`, {
    hint: `run: kugetsu queue retry ${id}; or give --after-any to begin however it ends`,
  });
}

/** Whether one task waits for another, directly or through others. */
export async function waitsFor(
  context: Needs,
  from: string,
  target: string,
  seen = new Set<string>(),
): Promise<boolean> {
  if (from === target) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const item = await context.queue.read(from);
  if (item === undefined || isFinished(item)) return false;
  const others = [...(item.after ?? []), ...item.children.filter(({ kind }) => kind === 'item')];
  for (const { id } of others.filter(({ outcome }) => outcome === null)) {
    if (await waitsFor(context, id, target, seen)) return true;
  }
  return false;
}
