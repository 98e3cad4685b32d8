import { callingAgent } from '../runs/agent-rights.ts';
import { runLogPath } from '../runs/run-id.ts';
import type { RunSubject } from '../runs/run-record.ts';
import type { Run } from '../runs/run-schema.ts';
import type { ShownLine } from '../runs/run-log-lines.ts';
import type { Context } from '../queue/context.ts';
import { isFinished } from '../queue/advance.ts';
import type { Child, QueueItem } from '../queue/queue-item.ts';
import { followRun, stillRunning } from './follow-run.ts';
import { ownRun } from './read-run-log.ts';
import { reconcileItem } from './reconcile-items.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { recordedRun } from './recorded-run.ts';

const LOOKING = { takeOver: false };
const POLL_MS = 200;
/** After how many silent looks runners that have died are looked for. */
const SETTLE_EVERY = 10;

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

interface Following {
  readonly onLine: (shown: ShownLine) => void;
  /** The log of another run begins; `name` is the issue's ref, or the id of a PM agent's task. */
  readonly onRun: (name: string, runId: string) => void;
  /** A task is waited for that has no run yet. */
  readonly onWait: (taskId: string) => void;
  /** Called with the run that is followed now and then, while its log says nothing. */
  readonly onSilence?: (run: Run) => Promise<void>;
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
}

/**
 * Follows all runs of a task that have not been followed yet, and then those of what it has started, one after the other, each
 * from its beginning, until the task has ended.
 *
 * @param seen the ids of the runs that were followed already; those that are followed are added
 * @returns the task at its end; undefined when there is none of this id
 * @throws AppError `interrupted` (exit code 130) when `signal` aborts, `own_run` (exit code 4) when an agent would follow itself
 */
export async function followTask(
  context: Needs,
  id: string,
  { seen, ...following }: Following & { readonly seen: Set<string> },
): Promise<QueueItem | undefined> {
  let waited = false;
  for (let looks = 1; ; looks += 1) {
    const item = await context.queue.read(id);
    if (item === undefined) return undefined;
    if (await followNext(context, item, { seen, ...following })) continue;
    if (isFinished(item)) return item;
    if (item.run_id === null && !waited) following.onWait(id);
    waited = true;
    if (looks % SETTLE_EVERY === 0) await settle(context, id);
    await context.clock.sleep(POLL_MS, following.signal);
    if (following.signal.aborted) throw stillRunning();
  }
}

type Unseen = Following & { readonly seen: Set<string> };

/** Follows the run of the task that is on, or else the first child. @returns whether there was one that had not been followed */
async function followNext(context: Needs, item: QueueItem, unseen: Unseen): Promise<boolean> {
  const { id, run_id: runId, issue_ref: ref, children } = item;
  if (runId !== null && !unseen.seen.has(runId)) {
    await followOne(
      context,
      { runId, subject: ref === null ? { type: 'task', id } : { type: 'issue', ref }, item },
      unseen,
    );
    return true;
  }
  const next = children.find((child) => !unseen.seen.has(child.id));
  if (next === undefined) return false;
  unseen.seen.add(next.id);
  await followChild(context, item, next, unseen);
  return true;
}

async function followChild(
  context: Needs,
  item: QueueItem,
  { kind, id, issue_ref: ref }: Child,
  unseen: Unseen,
): Promise<void> {
  if (kind === 'item') {
    await followTask(context, id, unseen);
    return;
  }
  // Without its issue there is no log that could be found.
  if (ref !== null) await followOne(context, { runId: id, subject: { type: 'issue', ref }, item }, unseen);
}

interface One {
  readonly runId: string;
  readonly subject: Extract<RunSubject, { type: 'issue' | 'task' }>;
  /** The task that it is told of. */
  readonly item: QueueItem;
}

async function followOne(context: Needs, { runId, subject, item }: One, unseen: Unseen): Promise<void> {
  const { seen, onLine, onRun, onSilence, signal } = unseen;
  const name = subject.type === 'issue' ? subject.ref : subject.id;
  if (callingAgent(context.env)?.runId === runId) throw ownRun(name);
  seen.add(runId);
  onRun(name, runId);
  await followRun(context, {
    record: recordedRun(context, runId, subject),
    run: { id: runId, log: runLogPath(context, runId) },
    settle: async () => settle(context, item.id),
    until: 'ended',
    onLine,
    onSilence,
    signal,
  });
}

async function settle(context: Needs, id: string): Promise<void> {
  await reconcileRuns(context, LOOKING);
  const item = await context.queue.read(id);
  if (item !== undefined) await reconcileItem(context, item, LOOKING);
}
