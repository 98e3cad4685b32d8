import { messageOf, unlessRefused } from '../../util/errors.ts';
import { rawText } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import type { Reach } from '../runs/run-state.ts';
import type { QueueItem } from '../queue/queue-item.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

/** Tasks, oldest first, and why those that cannot be read cannot. */
interface Listed {
  readonly items: readonly QueueItem[];
  readonly broken: readonly string[];
}

/** All tasks as they are now, oldest first. What died unnoticed is settled first, so that what is listed is true. */
export async function listItems(context: Needs, reach: Reach = LOOKING): Promise<Listed> {
  return listTrue(context, reach, async ({ queue }) => {
    const { items, broken } = await queue.all();
    return { items, broken: broken.map(({ why }) => why) };
  });
}

/** As {@link listItems}, those that are not finished: as dear as there are of those, however many are finished. */
export async function listOpenItems(context: Needs): Promise<Listed> {
  return listTrue(context, LOOKING, async ({ queue }) => {
    const broken: string[] = [];
    const items = await queue.open(async (line) => void broken.push(rawText(line)));
    return { items, broken };
  });
}

const LOOKING: Reach = { takeOver: false };

async function listTrue(context: Needs, reach: Reach, read: (context: Needs) => Promise<Listed>): Promise<Listed> {
  const found = await read(context);
  const claimed = found.items.filter(({ state }) => state === 'notified');
  if (claimed.length === 0) return found;
  const { reconcileRuns } = await import('./reconcile-runs.ts');
  const { reconcileItem } = await import('./reconcile-items.ts');
  const settled = await reconcileRuns(context, reach).catch(unlessRefused);
  let changed = (settled ?? []).length > 0;
  const broken: string[] = [];
  for (const item of claimed) {
    try {
      if ((await reconcileItem(context, item, reach)) !== undefined) changed = true;
    } catch (error) {
      broken.push(messageOf(error));
    }
  }
  const { items, broken: unread } = changed ? await read(context) : found;
  return {
    items: await Promise.all(items.map(async (item) => withRun(context, item))),
    broken: [...unread, ...broken],
  };
}

/** The task of a PM agent that is at work with its run as that is recorded. */
async function withRun(context: Pick<Context, 'home'>, item: QueueItem): Promise<QueueItem> {
  const { run } = item;
  if (run === null || run.verdict !== null) return item;
  const { readRunRecord } = await import('../runs/run-files.ts');
  const { runOf } = await import('../runs/run-record.ts');
  const record = await readRunRecord(context, run.id).catch(() => undefined);
  return record === undefined ? item : { ...item, run: runOf(record) };
}
