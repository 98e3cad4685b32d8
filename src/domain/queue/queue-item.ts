import * as z from 'zod';
import type { KnownKeys } from '../../util/types.ts';
import { OwnerSchema, RunSchema } from '../runs/run-schema.ts';

/** Why the last attempt at a task failed. */
const FailureSchema = z.looseObject({ class: z.string(), message: z.string(), at: z.string() });

/** What a PM agent started or enqueued in a task's run; `outcome` is null until it has ended. */
const ChildSchema = z.looseObject({
  kind: z.enum(['run', 'item']),
  /** A run id or a queue item's id. */
  id: z.string(),
  issue_ref: z.string().nullable(),
  outcome: z.enum(['succeeded', 'failed', 'stopped', 'lost']).nullable(),
});

/** `queue/items/<id>.json`: one task. */
export const QueueItemSchema = z.looseObject({
  id: z.string(),
  /** `issue` goes to the issue's agent, `pm` to the PM agent. */
  type: z.enum(['issue', 'pm']),
  issue_ref: z.string().nullable(),
  message: z.string(),
  state: z.enum(['pending', 'notified', 'completed', 'error']),
  created_at: z.string(),
  /** When it became `completed` or `error`. */
  finished_at: z.string().nullable().optional().default(null),
  /** Attempts that were begun; waiting for a slot, and a claim that was interrupted, are none. */
  attempts: z.int(),
  next_attempt_at: z.string().nullable(),
  failure: FailureSchema.nullable(),
  /** The task in whose run this one was made. */
  parent: z.string().nullable(),
  /** The run of the attempt that is on, or of the last one. */
  run_id: z.string().nullable().optional().default(null),
  /** Who has claimed the task for the attempt that is on. */
  claimed_by: OwnerSchema.nullable().optional().default(null),
  /** A PM task's run. An issue task's is in its session file. */
  run: RunSchema.nullable().optional().default(null),
  /** A PM task's fork of the PM session. */
  session_id: z.string().nullable().optional().default(null),
  children: z.array(ChildSchema).optional().default([]),
  /** What the agent said at the end. */
  reply: z.string().nullable().optional().default(null),
});

/** One task in the queue. */
export type QueueItem = KnownKeys<z.infer<typeof QueueItemSchema>>;
export type QueueState = QueueItem['state'];
export type Child = KnownKeys<z.infer<typeof ChildSchema>>;
