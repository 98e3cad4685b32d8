import type { Context } from '../queue/context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { excerpt, tell } from '../notifications/tell.ts';
import { ORIGIN_VARIABLE, TASK_VARIABLE } from '../issues/task-id.ts';
import { gatherEvidence } from './evidence.ts';
import { runLogPath } from '../runs/run-id.ts';
import type { RunRequest } from '../runs/run-request.ts';
import { recordedRun } from './recorded-run.ts';
import type { Assignment, Workplace } from './assignment.ts';
import type { SetUpRun } from './set-up-worktree.ts';
import { stepper } from '../runs/run-log.ts';
import { repositorySettings } from '../servers/repository-settings.ts';
import type { Evidence } from '../runs/run-schema.ts';
import { runCheck } from './run-check.ts';
import { keepStashes } from './keep-work.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';

/** The run of a development agent on its issue. */
export function issueAssignment(context: Context, request: RunRequest & { readonly issue_ref: string }): Assignment {
  const { issue_ref: ref, kind, message, debug, id, task, parent } = request;
  const env = { [TASK_VARIABLE]: parent ?? undefined, [ORIGIN_VARIABLE]: task ?? parent ?? undefined };
  return {
    subject: ref,
    kind,
    agent: 'dev-agent',
    issue: parseIssueRef(ref),
    message,
    debug,
    log: runLogPath(context, id),
    env,
    record: recordedRun(context, id, { type: 'issue', ref }),
    prepare: async (log, signal) => {
      const run = { runId: id, log, step: stepper(context, log, signal), signal, task: env };
      const place = await prepare(context, request, run);
      const session = await readIssueSession(context, ref);
      return { ...place, branch: session?.branch, pullRequest: session?.pull_request };
    },
    atWork: async () => {
      await tell(context, { type: 'task_started', message: [excerpt(message)], issue_ref: ref, task });
    },
    keep: async (log) => keepStashes(context, ref, async (text) => log.record({ event: 'warning', text })),
    rules: async (seat) => {
      const settings = await context.settings();
      const { check: command, done_when: ofRepository } = await repositorySettings(context, parseIssueRef(ref));
      const check = command === undefined ? undefined : { ref, command, runId: id, ...seat };
      return {
        doneWhen: request.done_when ?? ofRepository ?? settings.DONE_WHEN,
        rounds: settings.CHECK_ROUNDS,
        budget: settings,
        evidence: async () => evidenceOfIssue(context, ref),
        check: check === undefined ? undefined : async () => runCheck(context, check),
      };
    },
    evidence: async () => evidenceOfIssue(context, ref),
  };
}

/** Loads what this kind of run needs, and no more: a runner has it as long as its agent works. */
async function prepare(
  context: Context,
  request: RunRequest & { readonly issue_ref: string },
  run: SetUpRun,
): Promise<Workplace> {
  const { issue_ref: ref, kind, from, pr } = request;
  if (kind === 'start') {
    const { prepareStart } = await import('./prepare-start.ts');
    return prepareStart(context, { ref, fresh: request.fresh === true, from, pr }, run);
  }
  const { prepareContinue } = await import('./prepare-continue.ts');
  return prepareContinue(context, { ref, setup: request.setup === true }, run);
}

async function evidenceOfIssue(context: Context, ref: string): Promise<Evidence | null> {
  const session = await readIssueSession(context, ref);
  return session === undefined ? null : gatherEvidence(context, session);
}
