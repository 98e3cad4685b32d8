import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';
import { InheritedSchema } from '../runs/inherited.ts';
import { OwnerSchema, RunSchema } from '../runs/run-schema.ts';

/** `index.json`: the sessions that kugetsu tracks. */
export const IndexSchema = z.looseObject({
  base: z.nullable(z.string()),
  pm_agent: z.nullable(z.string()),
  /** Issue ref to the name of the session file. */
  issues: z.record(z.string(), z.string()),
});

const Common = {
  opencode_session_id: z.string(),
  worktree_path: z.nullable(z.string()),
  created_at: z.string(),
  state: z.string(),
  /** `provider/model` for every run; null leaves the choice to opencode. */
  model: z.optional(z.nullable(z.string())),
};

/** `sessions/base.json` and `sessions/pm-agent.json`. */
export const HomeSessionSchema = z.looseObject({
  ...Common,
  type: z.enum(['base', 'pm_agent']),
  /** The directory in which the session runs; null when only opencode knows, as for one of the bash script's. */
  directory: z.nullable(z.string()),
  /** Sessions that `init --force` replaced by this one. */
  previous_session_ids: z.optional(z.array(z.string())),
  /** Where opencode kept its sessions when this one was made; not known of sessions of 0.1.0. */
  opencode_database: z.optional(z.nullable(z.string())),
  /** The major version of the opencode that made this one; 1 where it does not say. */
  opencode_major: z.optional(z.nullable(z.int())),
});

/** `sessions/<name>.json`: the session of one issue. */
export const IssueSessionSchema = z.looseObject({
  ...Common,
  type: z.literal('forked'),
  issue_ref: z.string(),
  /** Null until the first fork has been made. */
  opencode_session_id: z.nullable(z.string()),
  /** `idle`, or the phase of a run that has not ended; follows from `run`. */
  state: z.enum(['preparing', 'working', 'idle']),
  branch: z.string(),
  /** The number of the pull or merge request whose branch that is; missing for the issue's own branch. */
  pull_request: z.optional(z.int()),
  /** The bare repository that the worktree belongs to; null until it is known, and for a worktree of the bash script's. */
  repository: z.nullable(z.string()),
  /** The commit at which the branch began; null until the worktree was made. */
  start_commit: z.nullable(z.string()),
  /** What the session has of the base session; not known of forks that were made before this was written down. */
  inherited: z.optional(InheritedSchema),
  /** Sessions of earlier starts: they stay readable in opencode until the issue is destroyed. */
  previous_session_ids: z.array(z.string()),
  /**
   * The run that is on, or the last one: its id points to its record, and the rest is copied from there, for programs that
   * know no records and for when the record is gone.
   */
  run: z.nullable(RunSchema),
  /** Who is destroying the issue: nothing else begins on it as long as that process lives. */
  destroying: z.optional(z.nullable(OwnerSchema)),
  /** Whose terminal is open on the session: nothing else begins on the issue as long as that process lives. */
  attached: z.optional(z.nullable(OwnerSchema)),
});

export type Index = KnownKeys<z.infer<typeof IndexSchema>>;
export type HomeSession = KnownKeys<z.infer<typeof HomeSessionSchema>>;
export type IssueSession = KnownKeys<z.infer<typeof IssueSessionSchema>>;
