import type { Row, Value } from '../../../adapters/postgres/database.ts';
import { messageOf, wordsOf } from '../../../util/errors.ts';
import type { Words } from '../../../util/words.ts';
import { byTime } from '../../issues/task-id.ts';
import type { QueueItem } from '../queue-item.ts';
import type { BrokenTask, Page, PageRequest } from '../queue-store.ts';
import { itemOf, numberIn, textIn, timeOf } from './task-rows.ts';

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

/** A page of finished tasks; those that cannot be read do not count. @param ask gives the rows of the statement `finished` */
export async function finishedPage(
  { limit, ref, host, state, since, before }: PageRequest,
  ask: (values: readonly Value[]) => Promise<readonly Row[]>,
): Promise<Page> {
  const items: QueueItem[] = [];
  const broken: BrokenTask[] = [];
  let cursor = before;
  let more = 0;
  do {
    const earliest = since === undefined || since === -Infinity ? null : timeOf(since);
    const rows = await ask([
      ref ?? null,
      state ?? null,
      earliest,
      ...placeIn(cursor),
      host ?? null,
      limit === Infinity ? null : limit - items.length,
    ]);
    for (const row of rows) {
      cursor = `${numberIn(row, 'at')} ${textIn(row, 'id')}`;
      await itemOf(row).then(
        (item) => items.push(item),
        (error: unknown) => broken.push({ id: textIn(row, 'id'), why: messageOf(error) }),
      );
    }
    more = rows[0] === undefined ? 0 : numberIn(rows[0], 'matching') - rows.length;
  } while (items.length < limit && more > 0);
  return { items, broken, more, next: more > 0 ? cursor : undefined };
}

/** The end and the id of the task after which a page begins. */
function placeIn(cursor: string | undefined): readonly [string | null, string | null] {
  if (cursor === undefined) return [null, null];
  const [at = '', id = ''] = cursor.split(' ');
  return [timeOf(Number(at)), id];
}
