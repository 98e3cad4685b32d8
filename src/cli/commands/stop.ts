import type { QueueItem } from '../../domain/queue/queue-item.ts';
import type { Stopped } from '../../domain/work/stop-elsewhere.ts';
import { AppError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { stoppedText } from '../views/verdict.ts';

interface StopOptions {
  readonly what: string;
  readonly children: boolean;
  readonly json: boolean;
}

/** Stops the agent of an issue, of a task or of a run, and says what it has left; also what a PM task has started. */
export async function stop({ context }: Call, { what, children, json }: StopOptions): Promise<void> {
  const { stopWherever } = await import('../../domain/work/stop-elsewhere.ts');
  const done = await stopWherever(context, what).catch(async (error: unknown) => {
    // The PM agent may be done, and what it started not.
    const isDone = children && error instanceof AppError && error.code === 'not_running';
    if (!isDone || (await openChildren(context, what)).length === 0) throw error;
    return undefined;
  });
  const task = taskOf(done) ?? what;
  const open = await openChildren(context, task);
  const ended = open.length > 0 && (children || (await agreed(context, open))) ? await endThem(context, task) : [];
  await printResult(context, { json, value: { ...stopped(done), children: ended } });
  if (json) return;
  if (done !== undefined) context.terminal.err(stoppedText(done));
  if (ended.length > 0) context.terminal.err(`ended what it had started: ${ended.join(', ')}`);
  else if (open.length > 0) {
    context.terminal.err(`what it has started goes on: ${open.join(', ')}`);
    context.terminal.err(`  run: kugetsu stop ${task} --children`);
  }
}

/** What the PM task has started and goes on, by issue refs and ids; nothing for what is no task. */
async function openChildren({ queue }: CliContext, what: string): Promise<readonly string[]> {
  const item = await readTask({ queue }, what);
  return (item?.children ?? []).filter(({ outcome }) => outcome === null).map(({ id, issue_ref: ref }) => ref ?? id);
}

async function readTask({ queue }: Pick<CliContext, 'queue'>, what: string): Promise<QueueItem | undefined> {
  const { isTaskId } = await import('../../domain/issues/task-id.ts');
  return isTaskId(what) ? queue.read(what) : undefined;
}

async function agreed({ terminal }: CliContext, open: readonly string[]): Promise<boolean> {
  if (!terminal.interactive) return false;
  return (await terminal.confirm(`Also end what it has started: ${open.join(', ')}?`)) === 'yes';
}

async function endThem(context: CliContext, task: string): Promise<readonly string[]> {
  const { endChildren } = await import('../../domain/work/cancel-task.ts');
  const { reconcileItem } = await import('../../domain/work/reconcile-items.ts');
  const open = await openChildren(context, task);
  const item = await readTask(context, task);
  if (item === undefined) return [];
  await endChildren(context, item, (line) => context.terminal.err(line));
  await reconcileItem(context, (await readTask(context, task)) ?? item, { takeOver: true });
  return open;
}

/** The PM task whose run it was; undefined for what has no children. */
function taskOf(done: Stopped | undefined): string | undefined {
  if (done === undefined) return undefined;
  if (done.host !== undefined) return done.item.id;
  const { subject } = done.record;
  return subject.type === 'task' ? subject.id : undefined;
}

function stopped(done: Stopped | undefined): Readonly<Record<string, unknown>> {
  if (done === undefined) return { run: null, kind: null, issue_ref: null, task: null, verdict: null };
  if (done.host !== undefined) {
    const { host, runId, item } = done;
    return { run: runId, kind: null, issue_ref: item.issue_ref, task: item.id, verdict: null, host };
  }
  const { id, kind, subject, task, status } = done.record;
  return {
    run: id,
    kind,
    issue_ref: subject.type === 'issue' ? subject.ref : null,
    task,
    verdict: status.phase === 'ended' ? status.verdict : null,
  };
}
