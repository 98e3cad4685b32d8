import { stampOf } from '../../adapters/store/private-files.ts';
import { messageOf } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { itemPath } from '../queue/add-item.ts';
import { isFinished } from '../queue/advance.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { listItemIds, readItem } from '../queue/queue-store.ts';

type HomeOnly = Pick<Context, 'home'>;

/**
 * The tasks that are not finished. What was read once is read again only when its file is another one, and a finished task
 * never: a look costs as much as has changed, not as much as there is.
 */
export class OpenItems {
  private finished = new Set<string>();
  private open = new Map<string, { readonly stamp: string; readonly item: QueueItem }>();

  /**
   * The tasks as they are now, oldest first. A file that cannot be read holds up no other task.
   *
   * @param say gets a line about each such file
   */
  async read(context: HomeOnly, say: (line: string) => Promise<void>): Promise<QueueItem[]> {
    const stillThere = new Set<string>();
    const ids = await listItemIds(context, (id) => {
      const skipped = this.finished.has(id);
      if (skipped) stillThere.add(id);
      return skipped;
    });
    this.finished = stillThere;
    const open: OpenItems['open'] = new Map();
    for (const id of ids) {
      try {
        const found = await this.readOne(context, id);
        if (found !== undefined && isFinished(found.item)) this.finished.add(id);
        else if (found !== undefined) open.set(id, found);
      } catch (error) {
        await say(`${id} left alone: ${messageOf(error)}`);
      }
    }
    this.open = open;
    return [...open.values()].map(({ item }) => item);
  }

  private async readOne(
    context: HomeOnly,
    id: string,
  ): Promise<{ readonly stamp: string; readonly item: QueueItem } | undefined> {
    // The stamp is the older one: a change in between is seen by the next look.
    const stamp = await stampOf(itemPath(context.home.queueItems, id));
    const known = this.open.get(id);
    if (stamp === undefined || known?.stamp === stamp) return stamp === undefined ? undefined : known;
    const item = await readItem(context, id);
    return item === undefined ? undefined : { stamp, item };
  }
}
