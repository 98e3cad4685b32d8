import type { Notification } from '../../domain/notifications/notification-schema.ts';
import type { TextStyle } from '../print-result.ts';
import { ago, shortIds } from './short.ts';
import { renderTable, type BriefColumn, type Column } from './table.ts';

const COLUMNS: readonly Column<Notification>[] = [
  { title: 'TIME', cell: ({ timestamp }) => timestamp },
  { title: 'TYPE', cell: ({ type }) => type },
  { title: 'ISSUE_REF', cell: ({ issue_ref: ref }) => ref ?? '-' },
  { title: 'TASK', cell: ({ task }) => task ?? '-' },
  { title: 'MESSAGE', cell: ({ message }) => message },
];

/** The last column, and only in a fleet. */
function hostColumn(rows: readonly Notification[]): readonly Column<Notification>[] {
  return rows.some(({ host }) => host !== undefined) ? [{ title: 'HOST', cell: ({ host }) => host ?? '-' }] : [];
}

const RESULTS: ReadonlySet<string> = new Set(['task_completed', 'task_error', 'work_saved', 'work_unpushed']);

/** What came of work, and then the rest; each with the newest last. */
function resultsFirst(rows: readonly Notification[]): Notification[] {
  return [...rows.filter(({ type }) => RESULTS.has(type)), ...rows.filter(({ type }) => !RESULTS.has(type))];
}

/** Notifications as a table; for a person results come first. */
export async function renderNotifications(rows: readonly Notification[], style: TextStyle): Promise<string> {
  const ids = shortIds(rows.flatMap(({ task }) => task ?? []));
  const brief: readonly BriefColumn<Notification>[] = [
    { title: 'TIME', cell: ({ timestamp }) => ago(timestamp, style) },
    { title: 'TYPE', cell: ({ type }) => type },
    { title: 'ISSUE_REF', cell: ({ issue_ref: ref }) => ref ?? '-', cut: 'middle', atLeast: 14 },
    { title: 'TASK', cell: ({ task }) => ids.get(task ?? '') ?? '-' },
    { title: 'MESSAGE', cell: ({ message }) => message, cut: 'end', atLeast: 16 },
    ...hostColumn(rows).map((column) => ({ ...column, optional: true })),
  ];
  const columns = [...COLUMNS, ...hostColumn(rows)];
  const empty = 'nothing new; run: kugetsu notify list --all';
  return renderTable({ rows: style.ruled ? resultsFirst(rows) : rows, columns, brief, empty }, style);
}
