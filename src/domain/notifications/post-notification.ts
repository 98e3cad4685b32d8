import { join } from 'node:path';
import { placeFile } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import type { News, Notification } from './notification-schema.ts';
import { newNotification } from './notification.ts';

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
