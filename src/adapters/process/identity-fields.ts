import * as z from 'zod/mini';

/** How files name a process: the keys of {@link ProcessIdentity} in `process-identity.ts`. */
export const IDENTITY_FIELDS = {
  pid: z.int(),
  process_start: z.string(),
  boot_id: z.string(),
  machine: z.optional(z.string()),
  pid_namespace: z.optional(z.string()),
  since: z.optional(z.string()),
};
