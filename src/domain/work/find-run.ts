import { AppError } from '../../util/errors.ts';
import type { Context } from '../queue/context.ts';
import { formatIssueRef } from '../issues/issue-ref.ts';
import { isTaskId } from '../issues/task-id.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { readRunRecord } from '../runs/run-files.ts';
import type { RunSubject } from '../runs/run-record.ts';
import { isRunId } from '../runs/run-id.ts';
import { readIssueSession, readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { resolveIssueRef } from '../sessions/resolve-issue-ref.ts';
import { notHere } from './other-host.ts';
import { recordedRun, type RecordedRun } from './recorded-run.ts';

/** The run that a person means. */
export interface FoundRun {
  /** The issue ref, the task id or the run id that it was found by. */
  readonly name: string;
  /** The task that it was found by. */
  readonly item: QueueItem | undefined;
  /** The last run of that; undefined when there has been none. */
  readonly run: { readonly id: string; readonly record: RecordedRun } | undefined;
}

/**
 * Finds the run that is meant by an issue ref or a task id, whose last one it is, or by its own id.
 *
 * @throws AppError `no_session`, `no_task` or `no_run` for what is not known, `other_host` (exit code 4) for an issue that another has, and usage (exit code 2) for what is no name
 */
export async function findRun(
  context: Pick<Context, 'home' | 'queue' | 'env' | 'cwd'>,
  text: string,
): Promise<FoundRun> {
  if (isRunId(text)) return runById(context, text);
  if (isTaskId(text)) return runOfTask(context, text);
  const ref = formatIssueRef(await resolveIssueRef(context, text));
  const session = await readIssueSession(context, ref);
  if (session === undefined) throw await notHere(context, ref);
  const run = session.run === null ? undefined : found(context, session.run.id, { type: 'issue', ref });
  return { name: ref, item: undefined, run };
}

async function runById(context: Pick<Context, 'home' | 'queue'>, id: string): Promise<FoundRun> {
  const subject = (await readRunRecord(context, id))?.subject ?? (await oldSubject(context, id));
  if (subject === undefined) {
    throw new AppError('no_run', `there is no run ${id}`, { hint: 'run: kugetsu logs' });
  }
  return { name: id, item: undefined, run: found(context, id, subject) };
}

async function runOfTask(context: Pick<Context, 'home' | 'queue'>, task: string): Promise<FoundRun> {
  const item = await context.queue.read(task);
  if (item === undefined) {
    throw new AppError('no_task', `there is no task ${task}`, { hint: 'run: kugetsu queue list' });
  }
  const { run_id: id, issue_ref: ref } = item;
  const subject: RunSubject = ref === null ? { type: 'task', id: task } : { type: 'issue', ref };
  return { name: task, item, run: id === null ? undefined : found(context, id, subject) };
}

function found(context: Pick<Context, 'home' | 'queue'>, id: string, subject: RunSubject): FoundRun['run'] {
  return { id, record: recordedRun(context, id, subject) };
}

/** What the run is for that 0.1.0 began, or whose record is gone, as session files and tasks say. */
async function oldSubject(context: Pick<Context, 'home' | 'queue'>, id: string): Promise<RunSubject | undefined> {
  const session = (await readSoundIssueSessions(context)).find(({ run }) => run?.id === id);
  if (session !== undefined) return { type: 'issue', ref: session.issue_ref };
  const item = (await context.queue.all()).items.find(({ run }) => run?.id === id);
  return item === undefined ? undefined : { type: 'task', id: item.id };
}
