import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { LineReader, linesFromEnd } from '../../adapters/store/line-reader.ts';
import type { Redactor } from '../../util/redaction.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { SHOWN_LINE } from './log-limits.ts';
import { runOfFile } from './run-id.ts';
import { shownLine, type LogRecord } from './run-log-lines.ts';

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
  readonly verdict: Extract<LogRecord, { event: 'ended' }>['verdict'] | null;
}

/** The last runs by their logs, oldest first. */
export async function recentRuns(context: Pick<Context, 'home' | 'env'>, count: number): Promise<RecentRun[]> {
  const { home } = context;
  const redactor = await redactorOf(context);
  const names = (await listDirectory(home.logs)).filter((name) => runOfFile(name, '.log') !== undefined).toSorted();
  const runs: RecentRun[] = [];
  for (const name of names.toReversed()) {
    if (runs.length === count) break;
    const run = await readRun(join(home.logs, name), redactor);
    if (run !== undefined) runs.push(run);
  }
  return runs.toReversed();
}

/** How far from its beginning and from its end a log is looked into for the records of a run, in bytes. */
const LOOK_BYTES = 2 * 1024 * 1024;

/** A log begins with what the run is, and ends with its verdict: however long it is, no more of it is read. */
async function readRun(log: string, redactor: Redactor): Promise<RecentRun | undefined> {
  const started = await startOf(log, redactor);
  if (started === undefined) return undefined;
  const { run, at, kind, subject, message } = started;
  return { run, at, kind, subject, message, log, verdict: await verdictIn(log, redactor) };
}

/** The run that a log is of; undefined when the log is gone, or does not say. */
export async function loggedRun(context: Pick<Context, 'home' | 'env'>, log: string): Promise<RecentRun | undefined> {
  return readRun(log, await redactorOf(context));
}

/** The verdict that the end of a log tells; null when it tells none. */
export async function loggedVerdict(
  context: Pick<Context, 'home' | 'env'>,
  log: string,
): Promise<RecentRun['verdict']> {
  return verdictIn(log, await redactorOf(context));
}

type Started = Extract<LogRecord, { event: 'started' }>;

async function startOf(log: string, redactor: Redactor): Promise<Started | undefined> {
  let bytes = 0;
  for await (const line of new LineReader(log, SHOWN_LINE).finish()) {
    const { entry } = shownLine(redactor, line);
    if (entry.from === 'kugetsu' && entry.record.event === 'started') return entry.record;
    bytes += line.length;
    if (bytes > LOOK_BYTES) return undefined;
  }
  return undefined;
}

async function verdictIn(log: string, redactor: Redactor): Promise<RecentRun['verdict']> {
  for await (const line of linesFromEnd(log, LOOK_BYTES)) {
    if (!line.includes('"kugetsu"')) continue;
    const { entry } = shownLine(redactor, line);
    if (entry.from === 'kugetsu' && entry.record.event === 'ended') return entry.record.verdict;
  }
  return null;
}
