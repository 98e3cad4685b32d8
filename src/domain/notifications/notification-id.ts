import { timeOfId, timeOrderedId } from '../../util/ids.ts';

const PREFIX = 'n_';
const FORM = /^n_[0-9a-z]+$/;
const TIME_LENGTH = timeOrderedId(PREFIX, 0, new Uint8Array()).length;

/** The id of a notification of `ms` milliseconds since the epoch; ids sort by time. */
export function notificationId(ms: number, random: Uint8Array): string {
  return timeOrderedId(PREFIX, ms, random);
}

/** Whether a text can be the id of a notification. */
export function isNotificationId(text: string): boolean {
  return FORM.test(text);
}

/** When the notification of an id was made, in milliseconds since the epoch. */
export function notifiedAt(id: string): number {
  return timeOfId(id, PREFIX);
}

/** The part of an id that sorts by time. */
export function timePart(id: string): string {
  return id.slice(0, TIME_LENGTH);
}
