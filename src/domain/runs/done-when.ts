import * as z from 'zod/mini';

/** When an agent is done: it has said so, its work is committed, or the commits are pushed, too. */
export const DONE_WHEN = ['replied', 'committed', 'pushed'] as const;

export const DoneWhenSchema = z.enum(DONE_WHEN, 'must be replied, committed or pushed');

export type DoneWhen = (typeof DONE_WHEN)[number];
