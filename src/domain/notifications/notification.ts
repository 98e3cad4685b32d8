import { randomBytes } from '../../adapters/random.ts';
import { oneLine } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { notificationId, timePart } from './notification-id.ts';
import type { News, Notification } from './notification-schema.ts';
import { join } from 'node:path';
import { placeFile } from '../../adapters/store/private-files.ts';
import type { TaskNotificationType } from './notification-types.ts';

/** The one type of kugetsu's own whose message is a command, which is useless if it is cut. */
export const SAVED: TaskNotificationType = 'work_saved';

const MAX_MESSAGE = 2000;
// Two paths as long as Linux has them, and every character of them written as four.
const MAX_COMMAND = 40_000;

/** A notification that nobody has read, without the secrets in what others said in its message. */
export async function newNotification(
  context: Pick<Context, 'home' | 'clock' | 'env'>,
  { type, message, issue_ref, task, at = context.clock.now() }: News,
): Promise<Notification> {
  const { text } = await redactorOf(context);
  return {
    id: notificationId(at, randomBytes(4)),
    timestamp: isoWithOffset(at),
    type,
    message: oneLine(told(message, text), type === SAVED ? MAX_COMMAND : MAX_MESSAGE),
    issue_ref: issue_ref ?? null,
    task: task ?? null,
    read: false,
  };
}

/**
 * The list with one more in it, at the place of the time at which it happened: whoever tells of an event may be
 * overtaken by who tells of the next. What is in the list already stays as it is.
 */
export function withNotification(list: readonly Notification[], added: Notification): readonly Notification[] {
  if (list.some(({ id }) => id === added.id)) return list;
  const before = list.findLastIndex(({ id }) => timePart(id) <= timePart(added.id));
  return list.toSpliced(before + 1, 0, added);
}

/**
 * Adds a notification for the price of one small file: without a lock, and without waiting for the disk. It outlives a
 * killed process; a power failure may take it. Whoever changes the inbox next puts it there.
 */
export async function postNotification(
  context: Pick<Context, 'home' | 'clock' | 'env'>,
  news: News,
): Promise<Notification> {
  const notification = await newNotification(context, news);
  await placeFile(join(context.home.postedNotifications, `${notification.id}.json`), JSON.stringify(notification));
  return notification;
}
