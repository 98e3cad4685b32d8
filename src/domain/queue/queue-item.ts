import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';
import { DoneWhenSchema, RunSchema, OwnerSchema } from '../runs/run-schema.ts';
import { TASK_STATES } from './task-states.ts';

/** Why the last attempt at a task failed. */
const FailureSchema = z.looseObject({
  class: z.string(),
  message: z.string(),
  at: z.string(),
  /** Whether it failed before an agent could begin, and another attempt cannot help. */
  not_begun: z.optional(z.boolean()),
});

/** What a PM agent started or enqueued in a task's run; `outcome` is null until it has ended. */
const ChildSchema = z.looseObject({
  kind: z.enum(['run', 'item']),
  /** A run id or a queue item's id. */
  id: z.string(),
  issue_ref: z.nullable(z.string()),
  outcome: z.nullable(z.enum(['succeeded', 'failed', 'stopped', 'lost'])),
  /** Whether it ended because it could not begin. */
  not_begun: z.optional(z.boolean()),
  /** The host whose home has the run, when several share the queue. */
  host: z.optional(z.string()),
  /** Whether it ended badly before the task was retried: then it counts no more. */
  earlier: z.optional(z.boolean()),
  /** When it was about to go into the queue again: its end before that is not its end any more. */
  reopened_at: z.optional(z.string()),
});

/** Another task that has to end before one begins; `outcome` is null until it has. */
const DependencySchema = z.looseObject({
  id: z.string(),
  outcome: z.nullable(z.enum(['succeeded', 'failed', 'stopped', 'lost'])),
});

/** That somebody wants the task ended, and why it then says it was. */
const CancelledSchema = z.looseObject({ at: z.string(), message: z.string() });

/** `queue/items/<id>.json`: one task. */
export const QueueItemSchema = z.looseObject({
  id: z.string(),
  /** `issue` goes to the issue's agent, `pm` to the PM agent. */
  type: z.enum(['issue', 'pm']),
  issue_ref: z.nullable(z.string()),
  message: z.string(),
  /** Whether the issue is started anew at the default branch, whatever session it has and whatever was pushed. */
  fresh: z.optional(z.boolean()),
  /** The branch, tag or commit at which the issue is started anew, whatever session it has and whatever was pushed. */
  from: z.optional(z.string()),
  /** The number of the pull or merge request with which the issue is started anew. */
  pr: z.optional(z.int()),
  /** When its agent is done; as the repository or the settings say without. */
  done_when: z.optional(DoneWhenSchema),
  /** Whether the worktree of an agent that goes on is set up again first. */
  setup: z.optional(z.boolean()),
  state: z.enum(TASK_STATES),
  created_at: z.string(),
  /** When it became `completed` or `error`. */
  finished_at: z.prefault(z.nullable(z.string()), null),
  /** Attempts that were begun; waiting for a slot, and a claim that was interrupted, are none. */
  attempts: z.int(),
  next_attempt_at: z.nullable(z.string()),
  failure: z.nullable(FailureSchema),
  /** The task in whose run this one was made. */
  parent: z.nullable(z.string()),
  /** The task for which the agent worked that made this one, when no task waits for it. */
  origin: z.prefault(z.nullable(z.string()), null),
  /** The first limit that stopped the task's agents from starting more. */
  limit_reached: z.prefault(z.nullable(z.string()), null),
  /** The run of the attempt that is on, or of the last one. */
  run_id: z.prefault(z.nullable(z.string()), null),
  /** Who has claimed the task for the attempt that is on. */
  claimed_by: z.prefault(z.nullable(OwnerSchema), null),
  /** A PM task's run. An issue task's is in its session file. */
  run: z.prefault(z.nullable(RunSchema), null),
  /** A PM task's fork of the PM session. */
  session_id: z.prefault(z.nullable(z.string()), null),
  children: z.prefault(z.array(ChildSchema), []),
  /** What the agent said at the end. */
  reply: z.prefault(z.nullable(z.string()), null),
  // What 0.1.0 does not know of; a task without them is one as it makes them.
  /** A higher one goes first; 0 without. */
  priority: z.optional(z.int()),
  /** Where among the tasks of its priority a person has put it; else that follows from its id. */
  place: z.optional(z.string()),
  /** The tasks that have to end before this one begins. */
  after: z.optional(z.array(DependencySchema)),
  /** Whether it begins however those end; else it fails when one of them does. */
  after_any: z.optional(z.boolean()),
  /** The earliest time at which it begins. */
  not_before: z.optional(z.string()),
  /** Set while an agent has the task and somebody wants it ended: it is not tried again. */
  cancelled: z.optional(z.nullable(CancelledSchema)),
  /** When its first attempt was claimed. */
  begun_at: z.optional(z.nullable(z.string())),
  /** When it was put into the queue again after its end. */
  retried_at: z.optional(z.string()),
  /** The host that has had it last, when several share the queue; null when it then had not begun it. */
  host: z.optional(z.nullable(z.string())),
});

/** One task in the queue. */
export type QueueItem = KnownKeys<z.infer<typeof QueueItemSchema>>;
export type QueueState = QueueItem['state'];
export type Child = KnownKeys<z.infer<typeof ChildSchema>>;
export type Dependency = KnownKeys<z.infer<typeof DependencySchema>>;
