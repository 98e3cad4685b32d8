import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';

/** What a session has of the one that it was forked from. */
export const InheritedSchema = z.looseObject({
  /** The id of that session in opencode. */
  session: z.string(),
  /** How many tokens its conversation took; null when nobody said. */
  tokens: z.nullable(z.int()),
});

export type Inherited = KnownKeys<z.infer<typeof InheritedSchema>>;
