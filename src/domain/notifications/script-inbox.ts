import { isLooseObject, textOf, type LooseObject } from '../../util/loose-object.ts';
import { isoWithOffset } from '../../util/time.ts';
import { notificationId } from './notification-id.ts';

/**
 * The notifications of the bash script in today's form: a list of them by itself, each without an id, and what it does not
 * say was read counts as unread. Whatever has the form already stays as it is.
 */
export function completeInbox(value: unknown): unknown {
  const list = Array.isArray(value) ? value : isLooseObject(value) ? value['notifications'] : undefined;
  if (!Array.isArray(list)) return value;
  const notifications = list.map((entry: unknown, index) => (isLooseObject(entry) ? complete(entry, index) : entry));
  return isLooseObject(value) ? { ...value, notifications } : { notifications };
}

function complete(entry: LooseObject, index: number): LooseObject {
  if (entry['id'] !== undefined) return entry;
  const at = timeOf(entry['timestamp']);
  const { type = 'message', read = false } = entry;
  return {
    ...entry,
    // The same one each time that the file is read, and in the order of the file.
    id: `${notificationId(at, new Uint8Array())}${index.toString(36).padStart(4, '0')}`,
    timestamp: textOf(entry['timestamp']) ?? isoWithOffset(at),
    type,
    issue_ref: textOf(entry['issue_ref']) ?? null,
    read: read === 'true' || (read === 'false' ? false : read),
  };
}

function timeOf(timestamp: unknown): number {
  const at = typeof timestamp === 'number' ? timestamp * 1000 : Date.parse(textOf(timestamp) ?? '');
  return Number.isFinite(at) && at > 0 ? at : 0;
}
