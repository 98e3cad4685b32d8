import { randomBytes } from '../../adapters/random.ts';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { timeOrderedId } from '../../util/ids.ts';
import type { KnownKeys } from '../../util/types.ts';
import type { Context } from '../context.ts';

/** What a runner is to do, as its launcher wrote it down. */
const RunRequestSchema = z.looseObject({
  id: z.string(),
  kind: z.enum(['start', 'continue', 'pm']),
  /** The issue of a development run. */
  issue_ref: z.nullable(z.string()),
  /** The queue item that the run is an attempt at; always there for a PM run. */
  task: z.nullable(z.string()),
  /** The PM task in whose run this one was started. */
  parent: z.nullable(z.string()),
  message: z.string(),
  debug: z.boolean(),
  /** Whether a start begins at the default branch, whatever was pushed. */
  fresh: z.optional(z.boolean()),
});

export type RunRequest = KnownKeys<z.infer<typeof RunRequestSchema>>;

/** A new run id; ids sort by time. */
export function newRunId({ clock }: Pick<Context, 'clock'>): string {
  return timeOrderedId('r_', clock.now(), randomBytes(8));
}

/** The log of a run. */
export function runLogPath({ home }: Pick<Context, 'home'>, runId: string): string {
  return join(home.logs, `${runId}.log`);
}

/** Writes the request down for the runner. */
export async function writeRunRequest({ home }: Pick<Context, 'home'>, request: RunRequest): Promise<void> {
  await writeJsonFile(requestPath(home.runs, request.id), request);
}

/** What the runner of this id is to do; undefined when the run is over or was never asked for. */
export async function readRunRequest({ home }: Pick<Context, 'home'>, runId: string): Promise<RunRequest | undefined> {
  return readJsonFile(requestPath(home.runs, runId), { schema: RunRequestSchema, what: 'run request' });
}

function requestPath(runs: string, runId: string): string {
  return join(runs, runId, 'request.json');
}
