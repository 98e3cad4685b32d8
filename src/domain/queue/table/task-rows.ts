import type { Row, Value } from '../../../adapters/postgres/database.ts';
import { parseJson } from '../../../adapters/store/json-file.ts';
import { textOf } from '../../../util/loose-object.ts';
import { messageOf, wordsOf } from '../../../util/errors.ts';
import type { Words } from '../../../util/words.ts';
import { byTime } from '../../issues/task-id.ts';
import { isFinished } from '../advance.ts';
import { endedTask, type EndedTask } from '../ended-task.ts';
import { formOfItem } from '../item-form.ts';
import type { QueueItem } from '../queue-item.ts';
import type { BrokenTask, Page, PageRequest, Place } from '../queue-store.ts';

/** The task in a row that has its `id` and `doc`. @throws AppError `corrupt_file` */
export async function itemOf(row: Row): Promise<QueueItem> {
  const id = textIn(row, 'id');
  return parseJson({ path: id, text: textIn(row, 'doc'), form: formOfItem(id) });
}

/** The columns that repeat what a task's document says, in the order of {@link COLUMNS}; who has claimed it is the store's own. */
export function columnsOf(item: QueueItem): readonly Value[] {
  const end = isFinished(item) ? endedTask(item) : undefined;
  return [
    item.id,
    item.type,
    item.issue_ref,
    item.state,
    item.run_id,
    end === undefined ? null : timeOf(end.at),
    end?.how ?? null,
    end?.waitMs ?? null,
    end?.runMs ?? null,
    JSON.stringify(item),
  ];
}

/** The names of the columns of {@link columnsOf}, with their types. */
export const COLUMNS = [
  ['id', 'text'],
  ['type', 'text'],
  ['issue_ref', 'text'],
  ['state', 'text'],
  ['run_id', 'text'],
  ['finished_at', 'timestamptz'],
  ['how', 'text'],
  ['wait_ms', 'double precision'],
  ['run_ms', 'double precision'],
  ['doc', 'json'],
] as const;

/** What is to be known of a finished task, from its columns; `at` is the end in milliseconds since the epoch. */
export function endedOf(row: Row): EndedTask {
  return {
    id: textIn(row, 'id'),
    ref: textOf(row['issue_ref']) ?? null,
    host: textOf(row['host']) ?? null,
    at: numberIn(row, 'at'),
    how: textOf(row['how']) ?? 'failed',
    waitMs: perhapsNumber(row['wait_ms']),
    runMs: perhapsNumber(row['run_ms']),
  };
}

/** Where the open task of a row is. */
export function placeOf(row: Row): Place {
  return {
    host: textOf(row['host']),
    home: textOf(row['home']),
    expired: row['expired'] === true,
    stopWanted: row['stop_wanted'] === true,
    silentMs: Math.max(0, numberIn(row, 'silent')),
  };
}

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

/** A text column that is never null. */
export function textIn(row: Row, column: string): string {
  return textOf(row[column]) ?? '';
}

/** A column of numbers that is never null; `bigint` comes as text. */
export function numberIn(row: Row, column: string): number {
  return Number(row[column]);
}

function perhapsNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** A time in milliseconds since the epoch, as PostgreSQL reads it. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
