import { join } from 'node:path';
import * as z from 'zod/mini';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { removeFile } from '../../adapters/store/private-files.ts';
import type { Home } from '../home.ts';
import { isNotificationId } from './notification-id.ts';
import { type Notification, NotificationSchema } from './notification-schema.ts';

/** The ways in which a notification leaves the home. */
export const SINK_NAMES = ['command', 'webhook', 'desktop'] as const;
export type SinkName = (typeof SINK_NAMES)[number];

const EntrySchema = z.looseObject({
  notification: NotificationSchema,
  /** How often it was tried in vain. */
  attempts: z.int(),
  /** When it is tried next, in milliseconds since the epoch. */
  not_before: z.number(),
});

/** A notification that is to go out by one sink. */
export interface Entry {
  readonly sink: SinkName;
  readonly notification: Notification;
  readonly attempts: number;
  readonly not_before: number;
}

type HomeOnly = { readonly home: Pick<Home, 'notificationsOut'> };

/** The lock of whoever delivers. */
export function outboxLock({ notificationsOut }: Pick<Home, 'notificationsOut'>): string {
  return `${notificationsOut}.lock`;
}

/** Whether anything waits to go out. */
export async function isWaiting({ home }: HomeOnly): Promise<boolean> {
  return (await listDirectory(home.notificationsOut)).some((name) => sinkOf(name) !== undefined);
}

/** What waits to go out, oldest first. A file that does not parse has nothing to say any more, and is removed. */
export async function readOutbox({ home }: HomeOnly): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of (await listDirectory(home.notificationsOut)).toSorted()) {
    const sink = sinkOf(name);
    if (sink === undefined) continue;
    const path = join(home.notificationsOut, name);
    const read = await readJsonFile(path, { schema: EntrySchema, what: 'notification' }).catch(() => null);
    if (read === null) await removeFile(path);
    else if (read !== undefined) entries.push({ ...read, sink });
  }
  return entries;
}

/** Writes down that a notification is to go out, durably; again is fine. */
export async function putOut({ home }: HomeOnly, { sink, ...entry }: Entry): Promise<void> {
  await writeJsonFile(entryPath(home, sink, entry.notification), entry);
}

/** Forgets what has gone out. If a power failure brings it back it goes out again, with the same id. */
export async function takeOut({ home }: HomeOnly, { sink, notification }: Entry): Promise<void> {
  await removeFile(entryPath(home, sink, notification));
}

/** The sink of an entry, by the name of its file; undefined for any other file. */
function sinkOf(name: string): SinkName | undefined {
  const sink = SINK_NAMES.find((each) => name.endsWith(`.${each}.json`));
  return sink !== undefined && isNotificationId(name.slice(0, -`.${sink}.json`.length)) ? sink : undefined;
}

function entryPath(home: HomeOnly['home'], sink: SinkName, { id }: Notification): string {
  return join(home.notificationsOut, `${id}.${sink}.json`);
}
