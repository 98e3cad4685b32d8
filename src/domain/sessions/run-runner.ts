import type { Context } from '../context.ts';
import { readRunRequest } from '../runs/run-request.ts';
import { superviseRun } from '../runs/supervise-run.ts';
import { pmRunTask } from '../pm/pm-run-task.ts';
import { issueRunTask } from './issue-run-task.ts';

/** What a runner process does: sees the run with this id through, if it is still wanted. */
export async function runRunner(context: Context, runId: string, signal: AbortSignal): Promise<void> {
  const request = await readRunRequest(context, runId);
  if (request === undefined) return;
  const { issue_ref } = request;
  const task = issue_ref === null ? pmRunTask(context, request) : issueRunTask(context, { ...request, issue_ref });
  await superviseRun(context, { runId, task, signal });
}
