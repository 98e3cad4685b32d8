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
import { noteBegunAlone } from './begun-alone.ts';
import { launchRun } from './launch-run.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { runOf, type RunRecord } from '../runs/run-record.ts';
import type { DoneWhen, Run } from '../runs/run-schema.ts';
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
  /**
   * Called when the issue is new to this host and the queue of the fleet cannot be reached, so that another host may have it: it
   * begins all the same. Without, that is refused.
   */
  readonly onAlone?: (() => void) | undefined;
  /** The id that the run is to have when it is no attempt at a queue item; a new one without. */
  readonly runId?: string;
  /** The queue item that this is an attempt at, and the id that the run is to have. */
  readonly attempt?: { readonly task: string; readonly runId: string; readonly parent: string | null };
}

/**
 * Puts an agent to work on an issue, or on with it, and returns as soon as its runner has been started.
 *
 * @throws AppError what {@link claimStart} throws
 */
export async function startIssue(context: Context, task: AgentTask): Promise<Run> {
  const record = await claimStart(context, task);
  await launchRun(context, record);
  return runOf(record);
}

/**
 * Claims an issue for a run that this process is to launch.
 *
 * @throws AppError `not_initialised` (exit code 3), `bad_env_file`, `too_deep`, and what {@link claimIssue} throws
 */
export async function claimStart(context: Context, task: AgentTask): Promise<RunRecord> {
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
  const isAlone = attempt === undefined && (await requireIssueHere(context, task));
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
  if (isAlone) await noteBegunAlone(context, formatIssueRef(ref));
  return record;
}

/**
 * In a fleet, an issue is worked on where its session is: who has it was decided when a task was claimed, or is now.
 *
 * @returns whether that could not be decided, and the issue begins all the same
 */
async function requireIssueHere(context: Context, task: AgentTask): Promise<boolean> {
  const ref = formatIssueRef(task.ref);
  try {
    const other = await context.queue.takeIssue(ref);
    if (other === undefined) return false;
    throw new AppError('other_host', `${ref} belongs to host ${other}, which has its session and worktree`, {
      hint: `run: kugetsu queue enqueue ${pasteQuote(ref)} MESSAGE; that host takes the task`,
      exit: EXIT.busy,
    });
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    // What this host has a session of, it had before the server went away.
    if ((await readIssueSession(context, ref)) !== undefined) return false;
    if (task.onAlone === undefined) throw mayBeElsewhere(context, task, error);
    task.onAlone();
    return true;
  }
}

/** The error for an issue of which the queue cannot be asked whether another host has it. Only a person may do without. */
function mayBeElsewhere({ env }: Context, { ref, kind }: AgentTask, error: AppError): AppError {
  if (kind === 'continue' || callingAgent(env) !== undefined) return error;
  return new AppError('queue_unreachable', error.words, {
    hint: `run: kugetsu fleet status; if no other host has the issue, run: kugetsu start ${pasteQuote(formatIssueRef(ref))} MESSAGE --here`,
    exit: error.exit,
    cause: error,
  });
}

async function requireInitialised(context: Context): Promise<void> {
  const status = await initStatus(context);
  if (status === 'ok') return;
  throw new AppError('not_initialised', `kugetsu is not ready: ${status}`, {
    hint: 'run: kugetsu init (without a terminal: kugetsu init --headless)',
    exit: EXIT.notReady,
  });
}
