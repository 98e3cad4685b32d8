import { join } from 'node:path';
import * as z from 'zod/mini';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import type { KnownKeys } from '../../util/loose-object.ts';
import type { Context } from '../context.ts';
import { DoneWhenSchema } from './run-schema.ts';
import { readRunRecord } from './run-files.ts';
import { isPreparing } from './run-record.ts';

/** What a runner is to do. A launcher of 0.1.0 wrote it into a file of its own. */
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
  /** What a person asked for, when the message has more than that. */
  asked: z.optional(z.string()),
  debug: z.boolean(),
  /** Whether a start begins at the default branch, whatever was pushed. */
  fresh: z.optional(z.boolean()),
  from: z.optional(z.string()),
  pr: z.optional(z.int()),
  done_when: z.optional(DoneWhenSchema),
  /** Whether the worktree of one that goes on is set up again. */
  setup: z.optional(z.boolean()),
});

export type RunRequest = KnownKeys<z.infer<typeof RunRequestSchema>>;

/** What the runner of this id is to do; undefined when the run is over, or was never asked for. */
export async function readRunRequest(context: Pick<Context, 'home'>, runId: string): Promise<RunRequest | undefined> {
  const record = await readRunRecord(context, runId);
  if (record === undefined) return readOldRequest(context, runId);
  const { id, kind, subject, task, parent } = record;
  if (!isPreparing(record) || record.status.request === null) return undefined;
  if (kind !== 'start' && kind !== 'continue' && kind !== 'pm') return undefined;
  const { message, asked, debug, fresh, from, pr, setup, done_when } = record.status.request;
  return {
    id,
    kind,
    issue_ref: subject.type === 'issue' ? subject.ref : null,
    task,
    parent,
    message,
    asked,
    debug,
    fresh,
    ...(from === undefined ? {} : { from }),
    ...(pr === undefined ? {} : { pr }),
    ...(done_when === undefined ? {} : { done_when }),
    setup,
  };
}

/** The issue that a run works on, whatever else says so; undefined for any other run. */
export async function issueOfRun(context: Pick<Context, 'home'>, runId: string): Promise<string | undefined> {
  const record = await readRunRecord(context, runId).catch(() => undefined);
  if (record !== undefined) return record.subject.type === 'issue' ? record.subject.ref : undefined;
  return (await readOldRequest(context, runId).catch(() => undefined))?.issue_ref ?? undefined;
}

async function readOldRequest({ home }: Pick<Context, 'home'>, runId: string): Promise<RunRequest | undefined> {
  return readJsonFile(join(home.runs, runId, 'request.json'), { schema: RunRequestSchema, what: 'run request' });
}
