import { messageOf, unlessRefused } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import type { Reach } from '../runs/run-state.ts';
import { readItems } from '../queue/queue-store.ts';

/** All tasks as they are now, oldest first. What died unnoticed is settled first, so that what is listed is true. */
export async function listItems(
  context: Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory'>,
  reach: Reach = { takeOver: false },
): Promise<Awaited<ReturnType<typeof readItems>>> {
  const found = await readItems(context);
  const claimed = found.items.filter(({ state }) => state === 'notified');
  if (claimed.length === 0) return found;
  const { reconcileRuns } = await import('./reconcile-runs.ts');
  const { reconcileItem } = await import('./reconcile-items.ts');
  await reconcileRuns(context, reach).catch(unlessRefused);
  let changed = false;
  const broken: string[] = [];
  for (const item of claimed) {
    try {
      if ((await reconcileItem(context, item, reach)) !== undefined) changed = true;
    } catch (error) {
      broken.push(messageOf(error));
    }
  }
  const { items, broken: unread } = changed ? await readItems(context) : found;
  return { items, broken: [...unread, ...broken] };
}
