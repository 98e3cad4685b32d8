import * as z from 'zod/mini';
import { IDENTITY_FIELDS } from '../../adapters/process/identity-fields.ts';
import type { KnownKeys } from '../../util/loose-object.ts';

/** Which process answers for a run, and where it runs; see the process adapter for why a pid is not enough. */
export const OwnerSchema = z.looseObject({
  ...IDENTITY_FIELDS,
  /** The host, as the queue knows it, when several share one; see the queue's store. */
  host: z.optional(z.string()),
});

const CheckSchema = z.looseObject({
  /** Without secrets. */
  command: z.string(),
  /** Null when it was ended by a signal or its deadline. */
  exit_code: z.nullable(z.int()),
  ms: z.int(),
  /** How many tracked files it has changed. */
  changed: z.optional(z.int()),
});

/** What the worktree of a run has to show. */
export const EvidenceSchema = z.looseObject({
  commits_ahead: z.int(),
  uncommitted_files: z.int(),
  pushed: z.boolean(),
  /** Whether the branch and origin's each have commits that the other has not; missing in older homes. */
  diverged: z.optional(z.boolean()),
  branch: z.nullable(z.string()),
  head: z.string(),
  /** How the repository's check went on this work, when it has one that was run. */
  check: z.optional(CheckSchema),
});

const TokensSchema = z.looseObject({
  input: z.number(),
  output: z.number(),
  reasoning: z.number(),
  cache_read: z.number(),
  cache_write: z.number(),
});

/** How a run ended. */
export const VerdictSchema = z.looseObject({
  outcome: z.enum(['succeeded', 'failed', 'stopped']),
  /** Stable name of the reason; `ok` for a success. */
  class: z.string(),
  message: z.string(),
  /** What the user can do about it. */
  hint: z.optional(z.nullable(z.string())),
  /** Whether trying again can help. */
  retryable: z.boolean(),
  exit_code: z.nullable(z.int()),
  signal: z.nullable(z.string()),
  steps: z.int(),
  tokens: TokensSchema,
  cost: z.number(),
  /** What the worktree has to show; null when there was none to look at. */
  evidence: z.nullable(EvidenceSchema),
  /** The last thing that the agent said. */
  reply: z.string(),
  /** The main checkout, when a tool of the agent that ran named it: something may have changed there. */
  elsewhere: z.optional(z.string()),
  /** The setting at whose value the run was ended, when it was over its budget. */
  limit: z.optional(z.looseObject({ setting: z.string(), value: z.number(), used: z.number() })),
});

/** What a run does; `init`, `question` and `canary` are runs of a command's own. */
export const RUN_KINDS = ['start', 'continue', 'pm', 'init', 'question', 'canary', 'destroy'] as const;

/**
 * One run of an agent as session files, tasks and `--json` have it: all keys at all times. While a run has a record of its
 * own, that one says what is true, and this is made from it.
 */
export const RunSchema = z.looseObject({
  id: z.string(),
  /** `destroy` is in homes of 0.1.0 only, where it claimed an issue like a run. */
  kind: z.enum(RUN_KINDS),
  log: z.string(),
  /** `preparing` until the agent is at work, `working` until it has ended, `ended` with a verdict. */
  phase: z.enum(['preparing', 'working', 'ended']),
  owner: OwnerSchema,
  agent_pid: z.nullable(z.int()),
  requested_at: z.string(),
  working_at: z.nullable(z.string()),
  ended_at: z.nullable(z.string()),
  verdict: z.nullable(VerdictSchema),
  /** The queue item that this run is an attempt at. */
  task: z.optional(z.nullable(z.string())),
  /** The queue item in whose PM run this run was started. */
  parent: z.optional(z.nullable(z.string())),
  /** Whether a runner has taken the run over from its launcher. */
  taken_over: z.optional(z.boolean()),
});

export type CheckResult = KnownKeys<z.infer<typeof CheckSchema>>;
export type Evidence = KnownKeys<z.infer<typeof EvidenceSchema>>;
export type Verdict = KnownKeys<z.infer<typeof VerdictSchema>>;
export type Run = KnownKeys<z.infer<typeof RunSchema>>;
export type RunKind = Run['kind'];

/** What a session has of the one that it was forked from. */
export const InheritedSchema = z.looseObject({
  /** The id of that session in opencode. */
  session: z.string(),
  /** How many tokens its conversation took; null when nobody said. */
  tokens: z.nullable(z.int()),
});

export type Inherited = KnownKeys<z.infer<typeof InheritedSchema>>;

/** When an agent is done: it has said so, its work is committed, or the commits are pushed, too. */
const DONE_WHEN = ['replied', 'committed', 'pushed'] as const;

export const DoneWhenSchema = z.enum(DONE_WHEN, 'must be replied, committed or pushed');

export type DoneWhen = (typeof DONE_WHEN)[number];
