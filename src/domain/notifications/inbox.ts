import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import type { Context } from '../context.ts';
import type { Courier } from './courier.ts';
import { isNotificationId, notificationId } from './notification-id.ts';
import { type News, type Notification, NotificationSchema } from './notification-schema.ts';
import { newNotification, SAVED, withNotification } from './notification.ts';
import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { unlinkFile } from '../../adapters/store/private-files.ts';
import { isLooseObject, textOf, type LooseObject } from '../../util/loose-object.ts';
import { isoWithOffset } from '../../util/time.ts';

/** `notifications.json`, oldest first. */
const InboxSchema = z.looseObject({ notifications: z.array(NotificationSchema) });

type Inbox = z.infer<typeof InboxSchema>;

// Read ones go first when the inbox is full, the oldest of them before others.
const MAX_NOTIFICATIONS = 500;

/** Without a courier nothing goes out of the home. */
interface Needs extends Pick<Context, 'home' | 'clock' | 'env'> {
  readonly courier?: Courier | undefined;
}

/** Adds a notification, durably; the list is bounded. */
export async function sendNotification(context: Needs, news: News): Promise<Notification> {
  const notification = await newNotification(context, news);
  await updateInbox(context, (notifications) => withNotification(notifications, notification));
  return notification;
}

/** As {@link sendNotification}, for several at once: all of them, or none. What an unread one says already is not said again. */
export async function sendNewNotifications(context: Needs, news: readonly News[]): Promise<void> {
  const added = await Promise.all(news.map(async (each) => newNotification(context, each)));
  await updateInbox(context, (notifications) => {
    const isKnown = ({ type, message, issue_ref: ref }: Notification): boolean =>
      notifications.some(
        (known) => !known.read && known.type === type && known.message === message && known.issue_ref === ref,
      );
    return added.filter((each) => !isKnown(each)).reduce(withNotification, notifications);
  });
}

/** The notifications, oldest first; the unread ones only, unless `all`. */
export async function listNotifications(
  { home }: Pick<Context, 'home'>,
  { all }: { readonly all: boolean },
): Promise<Notification[]> {
  // In this order nothing is missed that is put into the inbox meanwhile.
  const posted = await readPosted({ home }, MAX_NOTIFICATIONS);
  const inbox = await readInbox({ home });
  const notifications = bounded(posted.notifications.reduce(withNotification, inbox?.notifications ?? []));
  return notifications.filter(({ read }) => all || !read);
}

/** What is in the inbox file itself; undefined without one. @throws AppError `corrupt_file` */
export async function readInbox({ home }: Pick<Context, 'home'>): Promise<Inbox | undefined> {
  return readJsonFile(home.notifications, { schema: InboxSchema, what: 'the inbox', complete: completeInbox });
}

/** Marks every notification as read. @returns how many were unread */
export async function markAllRead(context: Needs): Promise<number> {
  let unread = 0;
  await updateInbox(context, (notifications) => {
    unread = notifications.filter(({ read }) => !read).length;
    return notifications.map((notification) => ({ ...notification, read: true }));
  });
  return unread;
}

/** The lock under which the notifications change. */
export function inboxLock({ notifications }: Context['home']): string {
  return `${notifications}.lock`;
}

async function updateInbox(
  { home, courier }: Needs,
  change: (notifications: readonly Notification[]) => readonly Notification[],
): Promise<void> {
  const isOut = await withLock(inboxLock(home), async (lock) => {
    const posted = await readPosted({ home }, MAX_NOTIFICATIONS);
    const inbox = (await readInbox({ home })) ?? { notifications: [] };
    const notifications = bounded(change(bounded(posted.notifications.reduce(withNotification, inbox.notifications))));
    const known = new Set(inbox.notifications.map(({ id }) => id));
    const takes = await courier?.take(notifications.filter(({ id }) => !known.has(id)));
    lock.assertHeld();
    await writeJsonFile(home.notifications, { ...inbox, notifications });
    await removePosted({ home }, posted.names);
    return takes === true;
  });
  if (isOut) await courier?.go();
}

/** What nobody has read of saved work stays, and does not count: without it nobody would know what to bring back. */
export function bounded(notifications: readonly Notification[]): readonly Notification[] {
  const isKept = ({ type, read }: Notification): boolean => type === SAVED && !read;
  const others = notifications.filter((each) => !isKept(each));
  const excess = others.length - MAX_NOTIFICATIONS;
  if (excess <= 0) return notifications;
  const inOrder = [...others.filter(({ read }) => read), ...others.filter(({ read }) => !read)];
  const dropped = new Set(inOrder.slice(0, excess));
  return notifications.filter((each) => !dropped.has(each));
}

const POSTED_FORM = { schema: NotificationSchema, what: 'notification' };

/** What was posted and is not in the inbox yet. */
interface Posted {
  readonly names: readonly string[];
  readonly notifications: readonly Notification[];
}

function isPosted(name: string): boolean {
  return name.endsWith('.json') && isNotificationId(name.slice(0, -'.json'.length));
}

/** What is posted now, oldest first, but no more than the newest `limit`; a file that cannot be read has nothing to say. */
async function readPosted({ home }: Pick<Context, 'home'>, limit: number): Promise<Posted> {
  const names = (await listDirectory(home.postedNotifications)).filter(isPosted).toSorted();
  const notifications: Notification[] = [];
  for (const name of names.slice(-limit)) {
    const path = join(home.postedNotifications, name);
    const notification = await readJsonFile(path, POSTED_FORM).catch(() => undefined);
    if (notification !== undefined) notifications.push(notification);
  }
  return { names, notifications };
}

/** Removes what is in the inbox now. If a power failure brings it back, the inbox recognises its id. */
async function removePosted({ home }: Pick<Context, 'home'>, names: readonly string[]): Promise<void> {
  for (const name of names) await unlinkFile(join(home.postedNotifications, name));
}

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
