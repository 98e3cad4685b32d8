import { removeFile, unlinkFile } from '../../adapters/store/private-files.ts';
import { unlessDamaged } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { isFinished } from '../queue/advance.ts';
import { againPath, itemPath } from '../queue/item-path.ts';
import { listItemIds, readItem } from '../queue/task-files.ts';

/**
 * Hands the tasks that are in files of this home, and are not finished, over to the queue of its fleet: those of before it joined.
 * A task is in both for a moment, and nothing looks at the files meanwhile but this.
 *
 * @returns how many there were
 */
export async function handOverTasks({ home, queue }: Pick<Context, 'home' | 'queue'>): Promise<number> {
  let count = 0;
  for (const id of await listItemIds({ home })) {
    const item = await readItem({ home }, id).catch(unlessDamaged);
    if (item === undefined || isFinished(item)) continue;
    await queue.add(item);
    await removeFile(itemPath(home, id));
    await unlinkFile(againPath(home, id));
    count += 1;
  }
  return count;
}
