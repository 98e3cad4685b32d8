import type { Row, Value } from '../../../adapters/postgres/database.ts';
import { messageOf } from '../../../util/errors.ts';
import type { QueueItem } from '../queue-item.ts';
import type { BrokenTask, Page, PageRequest } from '../queue-store.ts';
import { itemOf, numberIn, textIn, timeOf } from './task-rows.ts';

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
