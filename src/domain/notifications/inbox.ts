import { randomBytes } from '../../adapters/random.ts';
import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { timeOrderedId } from '../../util/ids.ts';
import { oneLine } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { KnownKeys } from '../../util/types.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';

/** The types that kugetsu itself sends; agents may send others. */
export type TaskNotificationType =
  | 'task_queued'
  | 'task_dequeued'
  | 'task_started'
  | 'task_completed'
  | 'task_error'
  | 'work_saved';

const NotificationSchema = z.looseObject({
  id: z.string(),
  timestamp: z.string(),
  type: z.string(),
  message: z.string(),
  issue_ref: z.nullable(z.string()),
  /** The queue item that it is about. */
  task: z.prefault(z.nullable(z.string()), null),
  read: z.boolean(),
});

/** `notifications.json`, oldest first. */
export const InboxSchema = z.looseObject({ notifications: z.array(NotificationSchema) });

/** One notification. */
export type Notification = KnownKeys<z.infer<typeof NotificationSchema>>;

// Read ones go first when the inbox is full.
const MAX_NOTIFICATIONS = 500;
const MAX_MESSAGE = 2000;

const ID_PREFIX = 'n_';

type Needs = Pick<Context, 'home' | 'clock' | 'env'>;

interface NewNotification {
  readonly type: string;
  readonly message: string;
  readonly issue_ref?: string | null;
  readonly task?: string | null;
  /** When it happened, in milliseconds since the epoch; now, unless told. */
  readonly at?: number;
  /** How much of the message is kept, in characters; 2000 unless told. */
  readonly limit?: number;
}

/**
 * Adds a notification, without the secrets in its message; the list is bounded. Its place is that of the time at which it happened: whoever tells of an
 * event may be overtaken by who tells of the next.
 */
export async function sendNotification(
  context: Needs,
  { type, message, issue_ref, task, at = context.clock.now(), limit = MAX_MESSAGE }: NewNotification,
): Promise<Notification> {
  const { text } = await redactorOf(context);
  const notification: Notification = {
    id: timeOrderedId(ID_PREFIX, at, randomBytes(4)),
    timestamp: isoWithOffset(at),
    type,
    message: oneLine(text(message), limit),
    issue_ref: issue_ref ?? null,
    task: task ?? null,
    read: false,
  };
  await updateInbox(context, (notifications) => bounded(inserted(notifications, notification)));
  return notification;
}

/** The notifications, oldest first; the unread ones only, unless `all`. */
export async function listNotifications(
  { home }: Pick<Context, 'home'>,
  { all }: { readonly all: boolean },
): Promise<Notification[]> {
  const inbox = await readJsonFile(home.notifications, InboxSchema);
  return (inbox?.notifications ?? []).filter(({ read }) => all || !read);
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
  { home }: Needs,
  change: (notifications: readonly Notification[]) => readonly Notification[],
): Promise<void> {
  await withLock(inboxLock(home), async (lock) => {
    const inbox = (await readJsonFile(home.notifications, InboxSchema)) ?? { notifications: [] };
    const notifications = change(inbox.notifications);
    lock.assertHeld();
    await writeJsonFile(home.notifications, { ...inbox, notifications });
  });
}

function inserted(notifications: readonly Notification[], added: Notification): readonly Notification[] {
  const before = notifications.findLastIndex(({ id }) => timeOf(id) <= timeOf(added.id));
  return notifications.toSpliced(before + 1, 0, added);
}

/** The part of an id that sorts by time. */
function timeOf(id: string): string {
  return id.slice(0, timeOrderedId(ID_PREFIX, 0, new Uint8Array()).length);
}

function bounded(notifications: readonly Notification[]): readonly Notification[] {
  const excess = notifications.length - MAX_NOTIFICATIONS;
  if (excess <= 0) return notifications;
  const firstRead = notifications.findIndex(({ read }) => read);
  return bounded(notifications.toSpliced(Math.max(0, firstRead), 1));
}
