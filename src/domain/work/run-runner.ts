import type { Context } from '../queue/context.ts';
import { readRunRequest } from '../runs/run-request.ts';
import { requireAll } from '../settings/settings.ts';
import { superviseRun } from './supervise-run.ts';
import { pmAssignment } from './pm-assignment.ts';
import { packIdleRepository } from './pack-idle.ts';
import { issueAssignment } from './issue-assignment.ts';

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
  const task =
    issue_ref === null ? pmAssignment(context, request) : issueAssignment(context, { ...request, issue_ref });
  await superviseRun(context, { runId, task, signal });
  if (issue_ref !== null && !signal.aborted) await packIdleRepository(context, issue_ref);
}
