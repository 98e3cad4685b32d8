import { join } from 'node:path';
import * as z from 'zod/mini';
import { listDirectory } from '../../adapters/store/directory.ts';
import { openPrivateAppend, readTextIfExists, removeFile } from '../../adapters/store/private-files.ts';
import { parseJson } from '../../util/loose-object.ts';
import type { Context } from '../context.ts';
import { keptRecordPath } from './run-files.ts';
import { runOfFile } from './run-id.ts';
import { hasEnded, RunRecordSchema, type RunRecord } from './run-record.ts';

const EndedRunSchema = z.object({
  run: z.string(),
  /** When it ended. */
  at: z.string(),
  kind: z.string(),
  /** Null for the run of a PM agent. */
  issue_ref: z.nullable(z.string()),
  task: z.nullable(z.string()),
  outcome: z.enum(['succeeded', 'failed', 'stopped']),
  class: z.string(),
  /** From when the agent was at work to the end, in milliseconds; 0 when it never was. */
  ms: z.number(),
  steps: z.number(),
  tokens: z.object({
    input: z.number(),
    output: z.number(),
    reasoning: z.number(),
    cache_read: z.number(),
    cache_write: z.number(),
  }),
  /** In dollars, as the engine says it. */
  cost: z.number(),
  /** `provider/model`; null when it was not written down. */
  model: z.nullable(z.string()),
});

/** What is kept of a run that has ended: one line of a month's file. */
export type EndedRun = z.infer<typeof EndedRunSchema>;

type HomeOnly = Pick<Context, 'home'>;

const DAY_MS = 24 * 60 * 60_000;
const MONTH = /^(\d{4})-(\d{2})\.jsonl$/;

/** What is kept of a run; undefined as long as it has not ended. */
function endedRunOf(record: RunRecord): EndedRun | undefined {
  if (!hasEnded(record) || record.subject.type === 'none') return undefined;
  const { at, since, verdict } = record.status;
  const { input, output, reasoning, cache_read, cache_write } = verdict.tokens;
  return {
    run: record.id,
    at,
    kind: record.kind,
    issue_ref: record.subject.type === 'issue' ? record.subject.ref : null,
    task: record.task,
    outcome: verdict.outcome,
    class: verdict.class,
    ms: since === null ? 0 : Math.max(0, Date.parse(at) - Date.parse(since) || 0),
    steps: verdict.steps,
    tokens: { input, output, reasoning, cache_read, cache_write },
    cost: verdict.cost,
    model: record.model ?? null,
  };
}

/**
 * The runs that ended at or after `since`, in milliseconds since the epoch, oldest first: those that have a record of their
 * own, and those of which only the line in their month's file is left. What cannot be read is left out.
 */
export async function readEndedRuns(context: HomeOnly, since: number): Promise<EndedRun[]> {
  const { home } = context;
  const runs = new Map<string, EndedRun>();
  for (const name of await listDirectory(home.stats)) {
    if (!MONTH.test(name) || endOfMonth(name) < since) continue;
    for (const run of await linesOf(join(home.stats, name))) runs.set(run.run, run);
  }
  for (const name of await listDirectory(home.logs)) {
    const id = runOfFile(name, '.json');
    const run = id === undefined ? undefined : await keptRun(context, id);
    if (run !== undefined) runs.set(run.run, run);
  }
  return [...runs.values()]
    .filter(({ at }) => Date.parse(at) >= since)
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/**
 * Writes what is kept of these runs into the files of their months, durably. One that is there already counts once: whoever
 * wrote it may have died before the record was removed.
 */
export async function keepFigures(context: HomeOnly, ids: readonly string[]): Promise<void> {
  const months = new Map<string, string[]>();
  for (const id of ids) {
    const run = await keptRun(context, id);
    if (run === undefined) continue;
    const month = run.at.slice(0, 7);
    months.set(month, [...(months.get(month) ?? []), JSON.stringify(run)]);
  }
  for (const [month, lines] of months) {
    const file = await openPrivateAppend(join(context.home.stats, `${month}.jsonl`));
    try {
      // What was written last may have been cut off.
      await file.append(`\n${lines.join('\n')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** Removes the files of months that ended more than `days` ago. */
export async function removeOldFigures({ home, clock }: Pick<Context, 'home' | 'clock'>, days: number): Promise<void> {
  for (const name of await listDirectory(home.stats)) {
    if (MONTH.test(name) && endOfMonth(name) < clock.now() - days * DAY_MS) await removeFile(join(home.stats, name));
  }
}

/** When the month of a file has ended everywhere on earth, in milliseconds since the epoch. */
function endOfMonth(name: string): number {
  const [, year = '', month = ''] = MONTH.exec(name) ?? [];
  return Date.UTC(Number(year), Number(month), 2);
}

/** What is kept of a run by its own record; undefined when that cannot be read. */
async function keptRun(context: HomeOnly, id: string): Promise<EndedRun | undefined> {
  const text = await readTextIfExists(keptRecordPath(context, id));
  const record = RunRecordSchema.safeParse(parseJson(text ?? ''));
  return record.success ? endedRunOf(record.data) : undefined;
}

async function linesOf(path: string): Promise<EndedRun[]> {
  const text = (await readTextIfExists(path)) ?? '';
  return text.split('\n').flatMap((line) => {
    const parsed = line === '' ? undefined : EndedRunSchema.safeParse(parseJson(line));
    return parsed?.success === true ? [parsed.data] : [];
  });
}
