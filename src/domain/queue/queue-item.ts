import * as z from 'zod';
import type { KnownKeys } from '../../util/types.ts';

/** Why the last attempt at a task failed. */
const FailureSchema = z.looseObject({ class: z.string(), message: z.string() });

/** `queue/items/<id>.json`: one task. */
export const QueueItemSchema = z.looseObject({
  id: z.string(),
  /** `issue` goes to the issue's agent, `pm` to the PM agent. */
  type: z.enum(['issue', 'pm']),
  issue_ref: z.string().nullable(),
  message: z.string(),
  state: z.enum(['pending', 'notified', 'completed', 'error']),
  created_at: z.string(),
  /** Attempts that were begun; waiting for a slot is none. */
  attempts: z.int(),
  next_attempt_at: z.string().nullable(),
  failure: FailureSchema.nullable(),
  /** The task in whose run this one was made. */
  parent: z.string().nullable(),
});

/** One task in the queue. */
export type QueueItem = KnownKeys<z.infer<typeof QueueItemSchema>>;
