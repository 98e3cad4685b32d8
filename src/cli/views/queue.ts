import type { ListedTask } from '../../domain/overview/tasks.ts';
import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { oneLine, type Style } from '../../util/text.ts';
import type { TextStyle } from '../print-result.ts';
import { reasonColumn } from './explained.ts';
import { shortIds, since } from './short.ts';
import { renderTable, type BriefColumn, type Column } from './table.ts';

/** Tasks as a table, with what each waits for; for a person those that an agent has come first, then those that wait. */
export async function renderQueue(items: readonly ListedTask[], style: TextStyle): Promise<string> {
  const columns: readonly Column<ListedTask>[] = [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts) },
    { title: 'ISSUE_REF', cell: placeText },
    { title: 'MESSAGE', cell: ({ message }) => oneLine(message, 60) },
    { title: 'FAILURE', cell: failureText },
    { title: 'REASON', cell: (item) => reasonColumn(item, item.reasons) },
    ...hostColumn(items),
  ];
  const rows = style.ruled ? byLife(items) : items;
  const empty = 'no tasks; run: kugetsu delegate MESSAGE';
  // Short ids take a while to find, and a program gets whole ones.
  return renderTable({ rows, columns, ...(style.ruled ? { brief: briefColumns(items, style) } : {}), empty }, style);
}

function briefColumns(items: readonly ListedTask[], style: TextStyle): readonly BriefColumn<ListedTask>[] {
  const ids = shortIds(items.map(({ id }) => id));
  return [
    { title: 'ID', cell: ({ id }) => ids.get(id) ?? id },
    { title: 'STATE', cell: ({ state }) => state, colour: ({ state }) => COLOURS[state] },
    { title: 'ISSUE_REF', cell: placeText, cut: 'middle', atLeast: 20 },
    { title: 'AGE', cell: ({ created_at: at }) => since(at, style) },
    { title: 'MESSAGE', cell: ({ message }) => oneLine(message, 60), cut: 'end', atLeast: 12 },
    { title: 'REASON', cell: (item) => whyText(item), cut: 'end', atLeast: 12 },
    ...hostColumn(items).map((column) => ({ ...column, optional: true })),
    { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts), optional: true },
  ];
}

/** The last column, and only in a fleet: what reads the others finds them where they were. */
function hostColumn(items: readonly ListedTask[]): readonly Column<ListedTask>[] {
  return items.some(({ host }) => host !== undefined) ? [{ title: 'HOST', cell: ({ host }) => host ?? '-' }] : [];
}

const COLOURS: Readonly<Record<QueueItem['state'], Style>> = {
  pending: 'yellow',
  notified: 'cyan',
  completed: 'green',
  error: 'red',
};

/** Those that wait stay in the order of their turns; of the finished ones the last comes first. */
function byLife(items: readonly ListedTask[]): ListedTask[] {
  const end = ({ finished_at: at }: QueueItem): number => Date.parse(at ?? '');
  return [
    ...items.filter(({ state }) => state === 'notified'),
    ...items.filter(({ state }) => state === 'pending'),
    ...items
      .filter(({ state }) => state === 'completed' || state === 'error')
      .toSorted((one, other) => end(other) - end(one)),
  ];
}

function placeText({ issue_ref: ref }: QueueItem): string {
  return ref ?? '(pm-agent)';
}

function failureText({ failure }: QueueItem): string {
  return failure === null ? '-' : `${failure.class}: ${oneLine(failure.message, 60)}`;
}

/** What a task waits for, or why it was given up. */
function whyText(item: ListedTask): string {
  return item.state === 'error' ? failureText(item) : reasonColumn(item, item.reasons);
}
