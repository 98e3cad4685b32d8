import * as z from 'zod/mini';

/** Which process answers for a run, and where it runs; see the process adapter for why a pid is not enough. */
export const OwnerSchema = z.looseObject({
  pid: z.int(),
  process_start: z.string(),
  boot_id: z.string(),
  machine: z.optional(z.string()),
  pid_namespace: z.optional(z.string()),
  since: z.optional(z.string()),
});
