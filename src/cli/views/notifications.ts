import type { Notification } from '../../domain/notifications/notification-schema.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['TIME', 'TYPE', 'ISSUE_REF', 'TASK', 'MESSAGE'];

/** Notifications as a table. */
export function renderNotifications(
  notifications: readonly Notification[],
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = notifications.map(({ timestamp, type, issue_ref: ref, task, message }) => [
    timestamp,
    type,
    ref ?? '-',
    task ?? '-',
    message,
  ]);
  return renderTable({ columns: COLUMNS, rows, ...style });
}
