import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { requireSameSessions } from '../sessions/same-opencode.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { Context } from '../queue/context.ts';
import { formatIssueRef, type IssueRef, requireMessage } from '../issues/issue-ref.ts';
import { isUnreachable } from '../queue/outbox.ts';
import { pasteQuote } from '../../util/text.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { requireChildAllowed } from '../queue/child-limits.ts';
import { originTask, parentTask } from '../issues/task-id.ts';
import { launchRun } from './launch-run.ts';
import { runOf } from '../runs/run-record.ts';
import type { DoneWhen } from '../runs/done-when.ts';
import type { Run } from '../runs/run-schema.ts';
import { claimIssue } from './claim-issue.ts';
import { initStatus } from '../sessions/init-status.ts';

interface AgentTask {
  readonly ref: IssueRef;
  readonly kind: 'start' | 'continue';
  readonly message: string;
  readonly debug: boolean;
  /** Whether a start begins at the default branch, whatever was pushed. */
  readonly fresh?: boolean;
  /** The branch, tag or commit at which a start begins, whatever was pushed. */
  readonly from?: string | undefined;
  /** The number of the pull or merge request that a start goes on with. */
  readonly pr?: number | undefined;
  /** When the agent is done; as the repository or the settings say without. */
  readonly doneWhen?: DoneWhen | undefined;
  /** Whether the worktree of an agent that goes on is set up again first. */
  readonly setup?: boolean;
  /** The id that the run is to have when it is no attempt at a queue item; a new one without. */
  readonly runId?: string;
  /** The queue item that this is an attempt at, and the id that the run is to have. */
  readonly attempt?: { readonly task: string; readonly runId: string; readonly parent: string | null };
}

/**
 * Puts an agent to work on an issue, or on with it, and returns as soon as its runner has been started.
 *
 * @throws AppError `not_initialised` (exit code 3), `bad_env_file`, `too_deep`, and what {@link claimIssue} throws
 */
export async function startIssue(context: Context, task: AgentTask): Promise<Run> {
  const { ref, kind, message, debug, fresh = false, from, pr, setup = false, doneWhen } = task;
  requireMessage(message);
  await requireInitialised(context);
  await requireSameSessions(context);
  // Before anything is claimed or replaced: an agent without its variables could only fail.
  await readAgentVariables(context, 'dev-agent');
  await context.opencode.probe();
  const { attempt } = task;
  const taskId = attempt?.task ?? null;
  const parent = attempt === undefined ? (parentTask(context.env) ?? null) : attempt.parent;
  if (attempt === undefined)
    await requireChildAllowed(context, { type: 'issue', parent, origin: originTask(context.env) ?? null });
  if (attempt === undefined) await requireIssueHere(context, formatIssueRef(ref));
  const runId = attempt?.runId ?? task.runId;
  const record = await claimIssue(context, {
    ref,
    kind,
    request: {
      message,
      debug,
      fresh,
      ...(setup ? { setup } : {}),
      ...(from === undefined ? {} : { from }),
      ...(pr === undefined ? {} : { pr }),
      ...(doneWhen === undefined ? {} : { done_when: doneWhen }),
    },
    runId,
    task: taskId,
    parent,
    // Who hands out tasks has looked at all runs before the first of them.
    settled: attempt !== undefined,
  });
  await launchRun(context, record);
  return runOf(record);
}

/** In a fleet, an issue is worked on where its session is: who has it was decided when a task was claimed, or is now. */
async function requireIssueHere(context: Context, ref: string): Promise<void> {
  try {
    const other = await context.queue.takeIssue(ref);
    if (other === undefined) return;
    throw new AppError('other_host', `${ref} belongs to host ${other}, which has its session and worktree`, {
      hint: `run: kugetsu queue enqueue ${pasteQuote(ref)} MESSAGE; that host takes the task`,
      exit: EXIT.busy,
    });
  } catch (error) {
    // What this host has a session of, it had before the server went away.
    if (!isUnreachable(error) || (await readIssueSession(context, ref)) === undefined) throw error;
  }
}

async function requireInitialised(context: Context): Promise<void> {
  const status = await initStatus(context);
  if (status === 'ok') return;
  throw new AppError('not_initialised', `kugetsu is not ready: ${status}`, {
    hint: 'run: kugetsu init (without a terminal: kugetsu init --headless)',
    exit: EXIT.notReady,
  });
}
