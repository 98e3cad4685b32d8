import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';

const FailedRunSchema = z.looseObject({ task: z.string(), run: z.string() });

/** `queue/breaker.json`, which is there from the first failure that others may share. Times are milliseconds since the epoch. */
export const BreakerSchema = z.looseObject({
  /** The class of the failures in a row, and the message of the last one. */
  class: z.nullable(z.string()),
  message: z.nullable(z.string()),
  failed: z.array(FailedRunSchema),
  /** Since when nothing is dispatched, how many breaks there were, when this one is over, and whether that was told. */
  opened: z.nullable(z.looseObject({ at: z.number(), times: z.int(), until: z.number(), told: z.boolean() })),
  /** The task that is tried after the break. */
  trial: z.nullable(z.string()),
});

export type Breaker = KnownKeys<z.infer<typeof BreakerSchema>>;
export type FailedRun = KnownKeys<z.infer<typeof FailedRunSchema>>;
