import { pathExists } from '../../adapters/git/worktree.ts';
import { headlessPermission } from '../../adapters/opencode/permissions.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { gatherEvidence } from '../runs/evidence.ts';
import type { RunLog } from '../runs/run-log.ts';
import { runLogPath, type RunRequest } from '../runs/run-request.ts';
import type { RunTask } from '../runs/run-task.ts';
import { makeIssueWorktree } from '../worktrees/issue-worktree.ts';
import { agentWritable } from './agent-writable.ts';
import { changeSessions, readBase, readIssueSession, updateIssueSession } from './session-store.ts';
import type { IssueSession } from './session-schema.ts';

type Workplace = Awaited<ReturnType<RunTask['prepare']>>;

/** The run of a development agent on its issue. */
export function issueRunTask(context: Context, request: RunRequest): RunTask {
  const { issue_ref: ref, kind, message, debug, id } = request;
  return {
    subject: ref,
    kind,
    message,
    debug,
    log: runLogPath(context, id),
    change: async (change) => {
      const session = await updateIssueSession(context, ref, (current) => {
        const run = current.run === null ? undefined : change(current.run);
        return run === undefined ? undefined : { ...current, run, state: run.phase === 'ended' ? 'idle' : run.phase };
      });
      return session?.run ?? undefined;
    },
    prepare: async (log, signal) => {
      const step = stepper(context, log, signal);
      return kind === 'start' ? prepareStart(context, ref, step) : prepareContinue(context, ref, step);
    },
    evidence: async () => {
      const session = await readIssueSession(context, ref);
      return session === undefined ? null : gatherEvidence(context, session);
    },
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
  const worktree = await makeIssueWorktree(context, { ref: parseIssueRef(ref), name, previousRepository });
  await step.done('worktree', `${worktree.path} on ${worktree.branch} (repository ${worktree.how})`);
  for (const way of worktree.rescued) {
    await step.warn(`saved the work of the worktree before; to get it back: ${way}`);
  }
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
    title: `kugetsu ${ref}`,
    directory: path,
    permission: headlessPermission(await agentWritable(context)),
  });
  await step.done('session', `${id}, forked from ${base.opencode_session_id}`);
  const model = base.model ?? null;
  await updateIssueSession(context, ref, (current) => withNewSession(current, id, model));
  return { session: id, directory: path, model: model ?? undefined };
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
  return { session: id, directory: path, model: model ?? undefined };
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

/** Says in the log how preparation goes on, and ends it between two steps when the run is to be stopped. */
interface Stepper {
  done(name: string, note: string): Promise<void>;
  warn(text: string): Promise<void>;
}

function stepper({ clock }: Pick<Context, 'clock'>, log: RunLog, signal: AbortSignal): Stepper {
  let last = clock.now();
  return {
    async done(name, note) {
      const now = clock.now();
      await log.record({ event: 'step', name, note, ms: now - last });
      last = now;
      signal.throwIfAborted();
    },
    warn: async (text) => log.record({ event: 'warning', text }),
  };
}
