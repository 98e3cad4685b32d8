import { unlessDamaged } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { isFinished } from '../queue/advance.ts';
import { clearOldItems } from '../queue/clear.ts';
import type { Dependency, QueueItem } from '../queue/queue-item.ts';
import { outcomeOf, settleItem } from './settle-task.ts';

type Needs = Pick<Context, 'queue' | 'settings'>;

/**
 * Tells the tasks that wait for others which of those have ended; one that may begin only after a success then fails.
 *
 * @param open the tasks that are not finished
 * @returns the ids of the tasks that learned something
 */
export async function settleDependencies(context: Needs, open: readonly QueueItem[]): Promise<string[]> {
  const ids = new Set(open.map(({ id }) => id));
  const told: string[] = [];
  for (const item of open.filter(({ state }) => state === 'pending')) {
    for (const id of openDependencies(item).filter((other) => !ids.has(other))) {
      // A file that cannot be read says nothing yet.
      const outcome = await outcomeNow(context, id).catch(unlessDamaged);
      if (outcome === undefined) continue;
      await settleItem(context, item.id, { type: 'dependency_ended', id, outcome });
      told.push(item.id);
    }
  }
  return told;
}

/** Removes old finished tasks, or all of them; what others wait for is told to them first. @returns the ids */
export async function clearTasks(context: Needs, { all }: { readonly all: boolean }): Promise<string[]> {
  const before = await context.queue.now();
  const open = await context.queue.open(async () => undefined);
  await settleDependencies(context, open);
  const waits = open.some((item) => openDependencies(item).length > 0);
  // What ends from now on has told nobody yet.
  return clearOldItems(context, { all, ...(waits ? { endedBy: before } : {}) });
}

function openDependencies({ after = [] }: QueueItem): string[] {
  return after.filter(({ outcome }) => outcome === null).map(({ id }) => id);
}

async function outcomeNow({ queue }: Needs, id: string): Promise<NonNullable<Dependency['outcome']> | undefined> {
  const item = await queue.read(id);
  if (item === undefined) return 'lost';
  return isFinished(item) ? outcomeOf(item) : undefined;
}
