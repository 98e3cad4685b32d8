import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';
import type { Text } from '../../util/words.ts';

/** One notification, as the inbox keeps it. */
export const NotificationSchema = z.looseObject({
  id: z.string(),
  timestamp: z.string(),
  type: z.string(),
  message: z.string(),
  issue_ref: z.nullable(z.string()),
  /** The queue item that it is about. */
  task: z.prefault(z.nullable(z.string()), null),
  read: z.boolean(),
  /** The host that has told it, when several share the inbox. */
  host: z.optional(z.string()),
});

/** One notification. */
export type Notification = KnownKeys<z.infer<typeof NotificationSchema>>;

/** What a notification is made from. */
export interface News {
  readonly type: string;
  readonly message: Text;
  readonly issue_ref?: string | null;
  readonly task?: string | null;
  /** When it happened, in milliseconds since the epoch; now by default. */
  readonly at?: number;
}
