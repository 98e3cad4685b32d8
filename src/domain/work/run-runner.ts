import type { Context } from '../queue/context.ts';
import { readRunRequest, type RunRequest } from '../runs/run-request.ts';
import { requireAll } from '../settings/settings.ts';
import type { Assignment } from './assignment.ts';
import { superviseRun } from './supervise-run.ts';

/**
 * What a runner process does: sees the run with this id through, if it is still wanted. The settings are those of its
 * beginning: a mistake that somebody makes in the config while the agent works must not cost its verdict.
 */
export async function runRunner(given: Context, runId: string, signal: AbortSignal): Promise<void> {
  const [current, tempDirectory] = await Promise.all([given.settings(), given.tempDirectory()]);
  const settings = requireAll(current);
  const context: Context = { ...given, settings: async () => settings, tempDirectory: async () => tempDirectory };
  const request = await readRunRequest(context, runId);
  if (request === undefined) return;
  const { issue_ref } = request;
  await superviseRun(context, { runId, task: await assignmentOf(context, request), signal });
  if (issue_ref === null || signal.aborted) return;
  const { packIdleRepository } = await import('./pack-idle.ts');
  await packIdleRepository(context, issue_ref);
}

async function assignmentOf(context: Context, request: RunRequest): Promise<Assignment> {
  const { issue_ref } = request;
  if (issue_ref === null) {
    const { pmAssignment } = await import('./pm-assignment.ts');
    return pmAssignment(context, request);
  }
  const { issueAssignment } = await import('./issue-assignment.ts');
  return issueAssignment(context, { ...request, issue_ref });
}
