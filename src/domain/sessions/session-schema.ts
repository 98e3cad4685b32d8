import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';
import { InheritedSchema, OwnerSchema, RunSchema } from '../runs/run-schema.ts';
import { Common } from './home-session-schema.ts';

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

export type IssueSession = KnownKeys<z.infer<typeof IssueSessionSchema>>;
