import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { unlinkFile } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { NotificationSchema, type Notification } from './notification-schema.ts';

const POSTED_FORM = { schema: NotificationSchema, what: 'notification' };
const POSTED = /^n_[0-9a-z]+\.json$/;

/** What was posted and is not in the inbox yet. */
interface Posted {
  readonly names: readonly string[];
  readonly notifications: readonly Notification[];
}

/** What is posted now, oldest first, but no more than the newest `limit`; a file that cannot be read has nothing to say. */
export async function readPosted({ home }: Pick<Context, 'home'>, limit: number): Promise<Posted> {
  const names = (await listDirectory(home.postedNotifications)).filter((name) => POSTED.test(name)).toSorted();
  const notifications: Notification[] = [];
  for (const name of names.slice(-limit)) {
    const path = join(home.postedNotifications, name);
    const notification = await readJsonFile(path, POSTED_FORM).catch(() => undefined);
    if (notification !== undefined) notifications.push(notification);
  }
  return { names, notifications };
}

/** Removes what is in the inbox now. If a power failure brings it back, the inbox recognises its id. */
export async function removePosted({ home }: Pick<Context, 'home'>, names: readonly string[]): Promise<void> {
  for (const name of names) await unlinkFile(join(home.postedNotifications, name));
}
