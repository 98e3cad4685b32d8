import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';

/** `index.json`: the sessions that kugetsu tracks. */
export const IndexSchema = z.looseObject({
  base: z.nullable(z.string()),
  pm_agent: z.nullable(z.string()),
  /** Issue ref to the name of the session file. */
  issues: z.record(z.string(), z.string()),
});

/** What the file of every session has. */
export const Common = {
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
  /**
   * Which version of its fleet's base the home has had last, and as which session: the base is that one as long as it is this
   * session, and one of the home's own after that.
   */
  fleet_base: z.optional(z.object({ version: z.int(), session: z.string() })),
});

export type Index = KnownKeys<z.infer<typeof IndexSchema>>;
export type HomeSession = KnownKeys<z.infer<typeof HomeSessionSchema>>;
