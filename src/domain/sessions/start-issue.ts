import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { launchRun } from '../runs/launch-run.ts';
import type { Run } from '../runs/run-schema.ts';
import { claimIssue } from './claim-issue.ts';
import { initStatus } from './init-status.ts';

interface AgentTask {
  readonly ref: IssueRef;
  readonly kind: 'start' | 'continue';
  readonly message: string;
  readonly debug: boolean;
}

/**
 * Puts an agent to work on an issue, or on with it, and returns as soon as its runner has been started.
 *
 * @throws AppError `not_initialised` (exit code 3), and what {@link claimIssue} throws
 */
export async function startIssue(context: Context, task: AgentTask): Promise<Run> {
  const { ref, kind, message, debug } = task;
  requireMessage(message);
  await requireInitialised(context);
  await context.opencode.probe();
  const { run } = await claimIssue(context, { ref, kind });
  if (run === null) throw new Error('a claimed issue has no run');
  await launchRun(context, { id: run.id, kind, issue_ref: formatIssueRef(ref), message, debug });
  return run;
}

/** @throws AppError usage (exit code 2) for a message that says nothing or that opencode could not be given */
export function requireMessage(message: string): void {
  if (message.trim() === '') throw usageError('the message is empty', 'say what the agent is to do');
  if (message.includes('\0')) throw usageError('the message holds a NUL character', 'give plain text');
}

async function requireInitialised(context: Context): Promise<void> {
  const status = await initStatus(context);
  if (status === 'ok') return;
  throw new AppError('not_initialised', `kugetsu is not ready: ${status}`, {
    hint: 'run: kugetsu init (without a terminal: kugetsu init --headless)',
    exit: EXIT.notReady,
  });
}
