import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { isTaskId } from '../issues/task-id.ts';
import { isFinished } from '../queue/advance.ts';
import type { Context } from '../queue/context.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { verdictOf } from '../runs/run-record.ts';
import { isRunId } from '../runs/run-id.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { findRun } from './find-run.ts';
import { stillRunning } from './follow-run.ts';
import { heldBackByCaller } from './live-runs.ts';
import { listOpenItems } from './list-items.ts';
import { ownRun } from './read-run-log.ts';
import { reconcileRuns } from './reconcile-runs.ts';

type Needs = Pick<Context, 'home' | 'env' | 'cwd' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

/** How something ended that was waited for. */
export interface Waited {
  /** The issue ref, or the id of the task or the run. */
  readonly name: string;
  readonly outcome: Verdict['outcome'];
  /** `ok`, or the class of the failure. */
  readonly class: string;
  readonly message: string;
}

interface Wait {
  /** Issue refs, task ids and run ids, as a person gave them. */
  readonly names: readonly string[];
  /** In milliseconds; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  readonly onEnd: (ended: Waited) => void;
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal;
}

const LOOKING = { takeOver: false };
const POLL_MS = 250;
/** After how many looks runners that have died are looked for, also while nothing else changes. */
const SETTLE_EVERY = 8;

/**
 * Waits until tasks, issues and runs have ended: of an issue, until no agent is at work on it and no task of it is open; of a PM
 * task, until all that it started has ended.
 *
 * @returns how those ended that have; fewer than `names` when the time was over
 * @throws AppError `interrupted` (exit code 130), `own_run` (exit code 4) when an agent would wait for itself, and what {@link findRun} throws
 */
export async function waitFor(context: Needs, { names, timeoutMs, onEnd, signal }: Wait): Promise<Waited[]> {
  const deadline = context.clock.monotonic() + (timeoutMs ?? Infinity);
  const open = new Set(names);
  const ended: Waited[] = [];
  await refuseOwn(context, names);
  for (let looks = 0; ; looks += 1) {
    if (looks % SETTLE_EVERY === 0) await reconcileRuns(context, LOOKING);
    const { items } = await listOpenItems(context);
    for (const name of open) {
      const found = await howItEnded(context, name, items);
      if (found === undefined) continue;
      open.delete(name);
      ended.push(found);
      onEnd(found);
    }
    if (open.size === 0 || context.clock.monotonic() >= deadline) return ended;
    await context.clock.sleep(Math.min(POLL_MS, deadline - context.clock.monotonic()), signal);
    if (signal.aborted) throw stillRunning();
  }
}

/** Undefined while it goes on. */
async function howItEnded(context: Needs, text: string, open: readonly QueueItem[]): Promise<Waited | undefined> {
  if (isTaskId(text)) return taskEnded(await taskOf(context, text));
  const { name, run } = await findRun(context, text);
  // A task that goes on, or has been queued again, gives the issue another run.
  if (!isRunId(text) && open.some(({ issue_ref: ref, type }) => type === 'issue' && ref === name)) return undefined;
  const record = await run?.record.read();
  if (record === undefined) return { name, outcome: 'succeeded', class: 'ok', message: 'nothing is at work there' };
  const verdict = verdictOf(record);
  return verdict === undefined
    ? undefined
    : { name, outcome: verdict.outcome, class: verdict.class, message: verdict.message };
}

async function taskOf({ queue }: Needs, id: string): Promise<QueueItem> {
  const item = await queue.read(id);
  if (item !== undefined) return item;
  throw new AppError('no_task', `there is no task ${id}`, { hint: 'run: kugetsu queue list' });
}

function taskEnded(item: QueueItem): Waited | undefined {
  if (!isFinished(item)) return undefined;
  const { id, state, failure } = item;
  if (state === 'completed') return { name: id, outcome: 'succeeded', class: 'ok', message: 'completed' };
  const name = failure?.class ?? 'error';
  return { name: id, outcome: 'failed', class: name, message: failure?.message ?? 'given up' };
}

/** An agent that waited for what needs its slot, or for itself, would wait until a deadline ended it. */
async function refuseOwn(context: Needs, names: readonly string[]): Promise<void> {
  const agent = callingAgent(context.env);
  if (agent === undefined) return;
  const held = await heldBackByCaller(context, (await context.queue.all()).items);
  for (const text of names) {
    if (held.some(({ id }) => id === text)) {
      throw new AppError('own_run', `${text} cannot begin while you work: you hold the slot that it needs`, {
        hint: 'do not wait for it: end your turn',
        exit: EXIT.busy,
      });
    }
    const { name, run } = await findRun(context, text);
    if (run?.id === agent.runId) throw ownRun(name);
  }
}
