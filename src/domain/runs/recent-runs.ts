import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { LineReader } from '../../adapters/store/line-reader.ts';
import type { Redactor } from '../../util/redaction.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { shownLine, type RunRecord as RunLogRecord } from './run-log-lines.ts';

/** A run as its log tells it. */
export interface RecentRun {
  readonly run: string;
  readonly at: string;
  readonly kind: string;
  /** The issue ref or the task id that it was for. */
  readonly subject: string;
  readonly message: string;
  readonly log: string;
  /** Null while the run is on, and when its end was never written. */
  readonly verdict: Extract<RunLogRecord, { event: 'ended' }>['verdict'] | null;
}

const RUN_LOG = /^(r_[0-9a-z]+)\.log$/;

/** The last runs by their logs, oldest first. */
export async function recentRuns(context: Pick<Context, 'home' | 'env'>, count: number): Promise<RecentRun[]> {
  const { home } = context;
  const redactor = await redactorOf(context);
  const names = (await listDirectory(home.logs)).filter((name) => RUN_LOG.test(name)).toSorted();
  const runs: RecentRun[] = [];
  for (const name of names.toReversed()) {
    if (runs.length === count) break;
    const run = await readRun(join(home.logs, name), redactor);
    if (run !== undefined) runs.push(run);
  }
  return runs.toReversed();
}

async function readRun(log: string, redactor: Redactor): Promise<RecentRun | undefined> {
  const entries = (await new LineReader(log).finish())
    .filter((line) => line.includes('"type":"kugetsu"'))
    .map((line) => shownLine(redactor, line).entry);
  const records = entries.flatMap((entry) => (entry.from === 'kugetsu' ? [entry.record] : []));
  const started = records.find((record) => record.event === 'started');
  if (started === undefined) return undefined;
  const ended = records.findLast((record) => record.event === 'ended');
  const { run, at, kind, subject, message } = started;
  return { run, at, kind, subject, message, log, verdict: ended?.verdict ?? null };
}
