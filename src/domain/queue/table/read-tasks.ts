import type { Row } from '../../../adapters/postgres/database.ts';
import { wordsOf } from '../../../util/errors.ts';
import type { Words } from '../../../util/words.ts';
import { byTime } from '../../issues/task-id.ts';
import type { QueueItem } from '../queue-item.ts';
import { itemOf, textIn } from './task-rows.ts';

/** The tasks of some rows, oldest first, and why others cannot be read. */
interface Tasks {
  readonly items: readonly QueueItem[];
  readonly damaged: readonly (readonly [id: string, why: Words])[];
}

/** Reads the tasks of rows that have `id` and `doc`; a damaged one hides no other. */
export async function tasksIn(rows: readonly Row[]): Promise<Tasks> {
  const damaged: (readonly [string, Words])[] = [];
  const items = new Map<string, QueueItem>();
  for (const row of rows) {
    const id = textIn(row, 'id');
    const item = await itemOf(row).catch((error: unknown) => {
      damaged.push([id, wordsOf(error)]);
      return undefined;
    });
    if (item !== undefined) items.set(id, item);
  }
  return { items: byTime([...items.keys()]).flatMap((id) => items.get(id) ?? []), damaged };
}
