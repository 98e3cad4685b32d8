import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { moveFile, removeFile } from '../../adapters/store/private-files.ts';
import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../context.ts';
import { runOfFile, newRunId, runLogPath } from './run-id.ts';
import { RunRecordSchema, type RunRecord, type AskedFor } from './run-record.ts';

type HomeOnly = Pick<Context, 'home'>;

const FORM = { schema: RunRecordSchema, what: 'the record of a run' };

/** The record of a run that is on, or whose end has not been seen to. */
export function liveRecordPath({ home }: HomeOnly, id: string): string {
  return join(home.runs, `${id}.json`);
}

/** The record of a run when all is done, beside its log. */
export function keptRecordPath({ home }: HomeOnly, id: string): string {
  return join(home.logs, `${id}.json`);
}

/**
 * The record of a run; undefined when it never had one, or is so old that its log is gone too.
 *
 * @throws AppError `corrupt_file`
 */
export async function readRunRecord(context: HomeOnly, id: string): Promise<RunRecord | undefined> {
  // A record only ever moves this way.
  return (await readLiveRecord(context, id)) ?? readJsonFile(keptRecordPath(context, id), FORM);
}

/** The ids of the records in `runs/`, oldest first. */
export async function listRecordIds({ home }: HomeOnly): Promise<string[]> {
  return recordsIn(home.runs);
}

/** The ids of the records that lie beside a log, oldest first. */
export async function listKeptIds({ home }: HomeOnly): Promise<string[]> {
  return recordsIn(home.logs);
}

async function recordsIn(directory: string): Promise<string[]> {
  const ids = (await listDirectory(directory)).map((name) => runOfFile(name, '.json'));
  return ids.filter((id) => id !== undefined).toSorted();
}

/** The records in `runs/`, oldest first: of runs that are on, died, or ended a moment ago. What cannot be read is left out. */
export async function listRunRecords(context: HomeOnly): Promise<RunRecord[]> {
  const read = (await listRecordIds(context)).map(async (id) => readLiveRecord(context, id).catch(() => undefined));
  return (await Promise.all(read)).filter((record) => record !== undefined);
}

/** Writes the record of a run that is not kept yet; durable when this returns. */
export async function writeRunRecord(context: HomeOnly, record: RunRecord): Promise<void> {
  await writeJsonFile(liveRecordPath(context, record.id), record);
}

/** Lays the record of a run that has ended beside its log: everything that follows from the end is done. Again is fine. */
export async function keepRunRecord(context: HomeOnly, id: string): Promise<void> {
  await moveFile(liveRecordPath(context, id), keptRecordPath(context, id));
}

/** Removes the record of a run that nobody asks about later. */
export async function removeRunRecord(context: HomeOnly, id: string): Promise<void> {
  await removeFile(liveRecordPath(context, id));
}

/** The record in `runs/`; undefined when there is none there. @throws AppError `corrupt_file` */
export async function readLiveRecord(context: HomeOnly, id: string): Promise<RunRecord | undefined> {
  return readJsonFile(liveRecordPath(context, id), FORM);
}

interface NewRun {
  /** A new one without. */
  readonly id?: string | undefined;
  readonly kind: RunRecord['kind'];
  readonly subject: RunRecord['subject'];
  /** The queue item that the run is an attempt at. */
  readonly task: string | null;
  /** The PM task in whose run this one is started. */
  readonly parent: string | null;
  /** What its runner is to do; null for a run without a runner, which this process sees through itself. */
  readonly request: AskedFor | null;
}

/** The record of a run that this process answers for, until it hands it over. It is not written yet. */
export function newRun(
  context: Pick<Context, 'home' | 'clock'>,
  { id = newRunId(context), kind, subject, task, parent, request }: NewRun,
): RunRecord {
  return {
    id,
    kind,
    subject,
    log: runLogPath(context, id),
    owner: { ...ownIdentity() },
    requested_at: isoWithOffset(context.clock.now()),
    task,
    parent,
    status: { phase: 'preparing', taken_over: request === null, request },
  };
}
