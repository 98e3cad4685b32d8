import { pathExists } from '../../adapters/git/worktree.ts';
import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { AppError, errnoOf, wordsOf } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import { told, words } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import { readAgentVariables } from '../agent-env/agent-variables.ts';
import type { Context } from '../context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { excerpt, tell } from '../notifications/tell.ts';
import { pmPrompt } from '../pm/pm-prompt.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { settleItem } from '../queue/settle.ts';
import { launchRun } from '../runs/launch-run.ts';
import { newRunId, runLogPath } from '../runs/run-request.ts';
import type { Run } from '../runs/run-schema.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { startIssue } from '../sessions/start-issue.ts';
import { NOT_READY_WAIT_MS } from './not-ready.ts';

// The task is not at fault: the slot or the issue was taken in between, or kugetsu itself is not ready.
const BUSY = new Set(['no_slot', 'busy', 'locked']);
const NOT_READY = new Set([
  'not_initialised',
  'opencode_missing',
  'opencode_too_old',
  'opencode_unsupported',
  'opencode_unexpected',
  'git_missing',
  'corrupt_file',
  'bad_config',
  'bad_env_file',
  'not_text',
  'bad_setting',
  'unknown_setting',
  'cannot_start',
  'lock_lost',
]);
/**
 * Takes a task for one attempt and starts its run.
 *
 * @returns what came of it, in a few words
 */
export async function dispatchItem(context: Context, item: QueueItem): Promise<string> {
  const runId = newRunId(context);
  const by = { ...ownIdentity() };
  const run = item.type === 'pm' ? newPmRun(context, runId, by) : null;
  const claimed = await settleItem(context, item.id, { type: 'claimed', runId, by, run });
  if (claimed === undefined || claimed.run_id !== runId) return 'taken by another process';
  const { id, issue_ref, attempts } = claimed;
  await tell(context, {
    type: 'task_dequeued',
    message: words`attempt ${attempts}: ${excerpt(item.message)}`,
    issue_ref,
    task: id,
  });
  try {
    await (item.type === 'pm' ? launchPmRun(context, claimed, runId) : startAttempt(context, claimed, runId));
    return `dispatched as ${runId} (attempt ${attempts})`;
  } catch (error) {
    return notDispatched(context, claimed, error);
  }
}

/** What the daemon does when a run could not be started. Nothing has run, so it may go back to the queue. */
async function notDispatched(context: Context, { id, run_id: runId }: QueueItem, error: unknown): Promise<string> {
  const { text } = await redactorOf(context);
  const message = oneLine(told(wordsOf(error), text), 300);
  const code = error instanceof AppError ? error.code : 'internal_error';
  if (BUSY.has(code)) {
    await settleItem(context, id, { type: 'released', runId, notBefore: null });
    return `waits: ${message}`;
  }
  // A system error is a full disk or the like: that passes, and the task is not at fault.
  if (NOT_READY.has(code) || errnoOf(error) !== undefined) {
    await settleItem(context, id, { type: 'released', runId, notBefore: context.clock.now() + NOT_READY_WAIT_MS });
    return `waits: ${message}`;
  }
  await settleItem(context, id, { type: 'refused', class: code, message });
  return `refused (${code}): ${message}`;
}

async function startAttempt(context: Context, item: QueueItem, runId: string): Promise<void> {
  const { issue_ref: text, id: task, parent } = item;
  const ref = parseIssueRef(text ?? '');
  const session = await readIssueSession(context, text ?? '');
  const worktree = session?.worktree_path ?? null;
  // A task that begins anew does so once: what an earlier attempt has begun is gone on with.
  const fresh = item.fresh === true && !(session?.run?.task === task && session.run.working_at !== null);
  const there = session?.opencode_session_id != null && worktree !== null && (await pathExists(worktree));
  await startIssue(context, {
    ref,
    kind: there && !fresh ? 'continue' : 'start',
    message: attemptMessage(item),
    debug: false,
    fresh,
    attempt: { task, runId, parent },
  });
}

async function launchPmRun(context: Context, item: QueueItem, runId: string): Promise<void> {
  await context.opencode.probe();
  await readAgentVariables(context, 'pm-agent');
  const { KUGETSU_VERBOSITY: verbosity } = await context.settings();
  const earlierFailure = item.failure === null ? undefined : `${item.failure.class}: ${item.failure.message}`;
  const message = pmPrompt({ message: item.message, verbosity, earlierFailure });
  const { id: task, parent } = item;
  await launchRun(context, { id: runId, kind: 'pm', issue_ref: null, task, parent, message, debug: false });
}

function attemptMessage({ message, failure }: QueueItem): string {
  if (failure === null) return message;
  return `An earlier attempt at this task ended early (${failure.class}: ${failure.message}). Go on from what is there.\n\n${message}`;
}

function newPmRun(context: Context, id: string, owner: Run['owner']): Run {
  return {
    id,
    kind: 'pm',
    log: runLogPath(context, id),
    phase: 'preparing',
    owner,
    agent_pid: null,
    requested_at: isoWithOffset(context.clock.now()),
    working_at: null,
    ended_at: null,
    verdict: null,
    taken_over: false,
  };
}
