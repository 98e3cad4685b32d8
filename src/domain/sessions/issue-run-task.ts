import { pathExists } from '../../adapters/git/worktree.ts';
import { headlessPermission } from '../../adapters/opencode/permissions.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { EXCERPT, tell, tellSaved } from '../notifications/tell.ts';
import { TASK_VARIABLE } from '../queue/task-variable.ts';
import { gatherEvidence } from '../runs/evidence.ts';
import { afterIssueRun } from '../runs/after-issue-run.ts';
import { runLogPath, type RunRequest } from '../runs/run-request.ts';
import { issueRunRecord } from '../runs/run-record.ts';
import type { RunTask, Workplace } from '../runs/run-task.ts';
import { stepper, type Stepper } from '../runs/stepper.ts';
import { makeIssueWorktree } from '../worktrees/issue-worktree.ts';
import { agentWritable } from './agent-writable.ts';
import { readBase, readIssueSession } from './read-sessions.ts';
import { changeSessions, updateIssueSession } from './session-store.ts';
import type { IssueSession } from './session-schema.ts';
import { issueTitle } from './session-titles.ts';

/** The run of a development agent on its issue. */
export function issueRunTask(context: Context, request: RunRequest & { readonly issue_ref: string }): RunTask {
  const { issue_ref: ref, kind, message, debug, id, task, parent } = request;
  return {
    subject: ref,
    kind,
    agent: 'dev-agent',
    issue: parseIssueRef(ref),
    message,
    debug,
    log: runLogPath(context, id),
    env: { [TASK_VARIABLE]: parent ?? undefined },
    record: issueRunRecord(context, ref, id),
    prepare: async (log, signal) => {
      const step = stepper(context, log, signal);
      return kind === 'start' ? prepareStart(context, ref, step) : prepareContinue(context, ref, step);
    },
    atWork: async () => {
      await tell(context, { type: 'task_started', message, limit: EXCERPT, issue_ref: ref, task });
    },
    evidence: async () => {
      const session = await readIssueSession(context, ref);
      return session === undefined ? null : gatherEvidence(context, session);
    },
    ended: async (run, verdict) => afterIssueRun(context, ref, run, verdict),
  };
}

/** A clean worktree, and a fork of the base session that lives in it. */
async function prepareStart(context: Context, ref: string, step: Stepper): Promise<Workplace> {
  const session = await requireSession(context, ref);
  const base = await readBase(context);
  if (base === undefined)
    throw new AppError('base_missing', 'the base session is gone', { hint: 'run: kugetsu init', exit: EXIT.notReady });
  const name = await changeSessions(context, async (changes) => changes.nameFor(ref));
  const { repository: previousRepository } = session;
  const worktree = await makeIssueWorktree(context, {
    ref: parseIssueRef(ref),
    name,
    previousRepository,
    onSaved: async (way) => {
      await step.warn(`saved the work of the worktree before; to get it back: ${way}`);
      await tellSaved(context, ref, way);
    },
    onPlace: async ({ path: worktree_path, repository }) => {
      await updateIssueSession(context, ref, (current) => ({ ...current, worktree_path, repository }));
    },
  });
  await step.done('worktree', `${worktree.path} on ${worktree.branch} (repository ${worktree.how})`);
  const { path, repository, branch, startCommit } = worktree;
  await updateIssueSession(context, ref, (current) => ({
    ...current,
    worktree_path: path,
    repository,
    branch,
    start_commit: startCommit,
  }));
  const id = await context.opencode.forkSession({
    base: base.opencode_session_id,
    title: issueTitle(ref),
    directory: path,
    permission: headlessPermission(await agentWritable(context)),
  });
  await step.done('session', `${id}, forked from ${base.opencode_session_id}`);
  const model = base.model ?? null;
  await updateIssueSession(context, ref, (current) => withNewSession(current, id, model));
  return { session: id, directory: path, model: model ?? undefined, mainCheckout: base.directory };
}

/** The session and the worktree as they are, checked against what opencode has stored. */
async function prepareContinue(context: Context, ref: string, step: Stepper): Promise<Workplace> {
  const { opencode_session_id: id, worktree_path: path, model } = await requireSession(context, ref);
  if (id === null || path === null || !(await pathExists(path))) {
    throw new AppError('worktree_missing', `the worktree of ${ref} is gone`, {
      hint: `run: kugetsu start ${ref} MESSAGE`,
    });
  }
  const [stored] = await context.opencode.describeSessions([id]);
  if (stored === undefined) {
    throw new AppError('session_missing', `opencode does not know the session ${id} of ${ref} any more`, {
      hint: `run: kugetsu start ${ref} MESSAGE; it saves the worktree's work first`,
    });
  }
  if (stored.directory !== path) {
    throw new AppError('session_elsewhere', `the session of ${ref} belongs to ${stored.directory}, not to ${path}`, {
      hint: 'nothing was run; kugetsu start makes a new session in the worktree',
    });
  }
  await step.done('session', `${id} in ${path}`);
  const base = await readBase(context).catch(() => undefined);
  const known = { session: id, directory: path, model: model ?? undefined };
  return base === undefined ? known : { ...known, mainCheckout: base.directory };
}

async function requireSession(context: Context, ref: string): Promise<IssueSession> {
  const session = await readIssueSession(context, ref);
  if (session === undefined) throw new AppError('no_session', `${ref} was removed while it was being prepared`);
  return session;
}

function withNewSession(session: IssueSession, id: string, model: string | null): IssueSession {
  const { opencode_session_id: old, previous_session_ids: older } = session;
  return {
    ...session,
    opencode_session_id: id,
    previous_session_ids: old === null ? older : [...older, old],
    model,
  };
}
