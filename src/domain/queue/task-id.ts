import { timeOfId } from '../../util/ids.ts';

const ITEM_ID = /^q_[0-9a-z]{9,40}$/;

/** Whether a text has the form of a task id. */
export function isTaskId(text: string): boolean {
  return ITEM_ID.test(text);
}

/** When a task of this id was made, in milliseconds since the epoch. */
export function madeAt(id: string): number {
  return timeOfId(id, 'q_');
}
