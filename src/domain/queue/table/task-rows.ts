import type { Row, Value } from '../../../adapters/postgres/database.ts';
import { parseJson } from '../../../adapters/store/json-file.ts';
import { textOf } from '../../../util/loose-object.ts';
import { isFinished } from '../advance.ts';
import { endedTask, type EndedTask } from '../ended-task.ts';
import { formOfItem } from '../item-form.ts';
import type { QueueItem } from '../queue-item.ts';
import type { Place } from '../queue-store.ts';

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
