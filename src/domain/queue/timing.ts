import { AppError, usageError } from '../../util/errors.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from './context.ts';
import { callingAgent, peopleOnly } from '../runs/agent-rights.ts';
import { isFinished } from './advance.ts';
import type { When } from './enqueue.ts';
import { findTask } from './find-task.ts';
import type { Dependency, QueueItem } from './queue-item.ts';

type Needs = Pick<Context, 'env' | 'queue'>;

/** What a new task has of its turn: a child inherits the priority of the task that waits for it. @throws as `enqueue` */
export async function timingOf(context: Needs, item: QueueItem, when: When): Promise<Partial<QueueItem>> {
  const maker = item.parent ?? item.origin;
  const own = maker === null ? undefined : await context.queue.read(maker);
  const most = own?.priority ?? 0;
  const priority = when.priority ?? (item.parent === null ? 0 : most);
  if (callingAgent(context.env) !== undefined && priority > most) {
    throw peopleOnly(`--priority ${priority}`, `the task that it works for has priority ${most}`);
  }
  const after: Dependency[] = [];
  for (const id of new Set(when.after))
    after.push(await dependency(context, id, { item, any: when.afterAny === true }));
  return {
    ...(priority === 0 ? {} : { priority }),
    ...(after.length === 0 ? {} : { after }),
    ...(when.afterAny === true && after.length > 0 ? { after_any: true } : {}),
    ...(when.notBefore === undefined ? {} : { not_before: isoWithOffset(when.notBefore) }),
  };
}

async function dependency(
  context: Needs,
  id: string,
  { item: { parent }, any }: { readonly item: QueueItem; readonly any: boolean },
): Promise<Dependency> {
  const other = await findTask(context, id);
  if (parent !== null && (await waitsFor(context, id, parent))) {
    throw usageError(
      `${id} waits for ${parent}, which waits for what it starts: the new task would wait for itself`,
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
