import { isAlive } from '../../adapters/process/process-identity.ts';
import { sendSignal } from '../../adapters/process/end-processes.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../queue/context.ts';
import { isWaitingForChildren } from '../queue/advance.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { requireHere } from '../runs/elsewhere.ts';
import { readLiveRecord } from '../runs/run-files.ts';
import { hasEnded, isTakenOver, runOf, type RunRecord } from '../runs/run-record.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { isLive } from '../runs/run-state.ts';
import { NOTHING_OBSERVED } from '../runs/observation.ts';
import { judge } from '../runs/verdict.ts';
import { isBeingDestroyed } from '../sessions/session-busy.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { findRun } from './find-run.ts';
import type { RecordedRun } from './recorded-run.ts';
import { evidenceOf, reconcileRuns } from './reconcile-runs.ts';
import { cleanUpAfterRun, settleRun } from './settle-run.ts';

// The runner needs up to 3 s to end an agent that ignores TERM, and a moment to settle.
const RUNNER_GRACE_MS = 15_000;
const TAKE_OVER_MS = 15_000;
const POLL_MS = 50;

/**
 * Ends the agent of a run, with everything that it started, and waits until it is settled. The session and the worktree
 * stay; a task whose run it was ends as stopped.
 *
 * @param text an issue ref, a task id or a run id, as a person gave it
 * @returns the run with its verdict
 * @throws AppError `not_running` when nothing is at work, `busy` or `elsewhere` (exit code 4), and what {@link findRun} throws
 */
export async function stopRun(context: Context, text: string): Promise<RunRecord> {
  await reconcileRuns(context, { takeOver: true });
  const { name, item, run } = await findRun(context, text);
  const record = await run?.record.read();
  if (record !== undefined) requireHere(context.home, name, runOf(record));
  if (run === undefined || record === undefined || !isLive(context.home, runOf(record))) {
    throw await whyNothingToStop(context, { name, item });
  }
  if (record.subject.type === 'none') throw commandsOwn(record);
  const owner = await waitForRunner(context, name, run.record);
  sendSignal(owner.pid, 'SIGTERM');
  const deadline = context.clock.monotonic() + RUNNER_GRACE_MS;
  while (isAlive(owner)) {
    if (context.clock.monotonic() >= deadline) sendSignal(owner.pid, 'SIGKILL');
    await context.clock.sleep(POLL_MS);
  }
  return settleStopped(context, record, run.record);
}

interface Named {
  readonly name: string;
  readonly item: QueueItem | undefined;
}

async function whyNothingToStop({ home }: Context, { name, item }: Named): Promise<AppError> {
  if (item === undefined) {
    const session = await readIssueSession({ home }, name).catch(() => undefined);
    const destroyed = session !== undefined && isBeingDestroyed(home, session);
    return destroyed
      ? new AppError('busy', `${name} is being destroyed`, { hint: 'wait for it to end', exit: EXIT.busy })
      : notRunning(name);
  }
  if (isWaitingForChildren(item)) {
    const children = item.children.filter(({ outcome }) => outcome === null).map(({ id, issue_ref: ref }) => ref ?? id);
    return new AppError(
      'not_running',
      `the PM agent of ${name} is done, and the task waits for ${children.join(', ')}`,
      {
        hint: children.map((child) => `run: kugetsu stop ${child}`).join('; '),
      },
    );
  }
  return item.state === 'pending'
    ? new AppError('not_running', `${name} is waiting in the queue: no agent is at work on it`, {
        hint: 'run: kugetsu queue list',
      })
    : notRunning(name);
}

function notRunning(name: string): AppError {
  return new AppError('not_running', `no agent is at work on ${name}`, { hint: 'run: kugetsu list' });
}

/** It has a terminal, or somebody who waits for it. */
function commandsOwn({ id, kind, owner }: RunRecord): AppError {
  return new AppError(
    'busy',
    `the run ${id} (${kind}) belongs to a kugetsu command that is running, pid ${owner.pid}`,
    {
      hint: 'interrupt that command',
      exit: EXIT.busy,
    },
  );
}

/** Before the runner has taken the run over, its owner is whoever launched it, and that is not to be ended. */
async function waitForRunner(context: Context, name: string, record: RecordedRun): Promise<RunRecord['owner']> {
  const deadline = context.clock.monotonic() + TAKE_OVER_MS;
  for (;;) {
    const current = await record.read();
    if (current === undefined || hasEnded(current)) throw notRunning(name);
    if (isTakenOver(current)) return current.owner;
    if (context.clock.monotonic() >= deadline) {
      throw new AppError('busy', `${name} is being prepared, but its runner has not started`, {
        hint: 'try again in a moment',
        exit: EXIT.busy,
      });
    }
    await context.clock.sleep(POLL_MS);
  }
}

/** A runner that had to be killed has settled nothing, or not everything that follows from the end. */
async function settleStopped(context: Context, run: RunRecord, record: RecordedRun): Promise<RunRecord> {
  const current = await record.read();
  if (current === undefined) return run;
  if (hasEnded(current)) {
    if ((await readLiveRecord(context, run.id)) !== undefined) await reconcileRuns(context, { takeOver: true });
    return current;
  }
  await cleanUpAfterRun(context, run);
  const verdict: Verdict = {
    ...judge(NOTHING_OBSERVED, { exitCode: undefined, signal: undefined, endedFor: 'stopped' }),
    evidence: await evidenceOf(context, current),
  };
  const settled = await settleRun(context, current, { verdict, mine: () => true });
  return settled ?? (await record.read()) ?? run;
}
