import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plural } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../context.ts';
import type { Home } from '../home.ts';
import { branchOf, formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { settleItem, settleRunTasks } from './settle-task.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { requireHere } from '../runs/elsewhere.ts';
import { newRunId, runLogPath } from '../runs/run-request.ts';
import type { Run, RunKind } from '../runs/run-schema.ts';
import { isAbandoned, isLive } from '../runs/run-state.ts';
import { requireAll } from '../settings/settings.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { changeSessions, type SessionChanges } from '../sessions/session-store.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory'>;

interface ClaimRequest {
  readonly ref: IssueRef;
  readonly kind: RunKind;
  /** The id that the run is to have; a new one without. */
  readonly runId?: string | undefined;
  /** The queue item that the run is an attempt at. */
  readonly task?: string | null;
  /** The PM task in whose run this one is started; it learns of its child. */
  readonly parent?: string | null;
  /** The last run that the caller knows of: when there has been another one since, the claim is refused. */
  readonly afterRun?: string | undefined;
}

const MAX_TRIES = 5;

/**
 * Claims an issue for one run: checks that it is free, and for an agent that a slot is, and takes both in one critical
 * section. The claim is this process's until it is handed over, so that it dies with it.
 *
 * @throws AppError `busy` or `no_slot` (exit code 4), `no_session` when a run needs a session that is not there, `overtaken`
 * when there has been another run
 */
export async function claimIssue(context: Needs, request: ClaimRequest): Promise<IssueSession> {
  const settings = await context.settings();
  // A run keeps to the settings of its beginning; destroying needs none of them.
  const slots = request.kind === 'destroy' ? 0 : requireAll(settings).MAX_CONCURRENT_AGENTS;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    await reconcileRuns(context, { takeOver: true });
    const claimed = await changeSessions(context, async (changes) => tryClaim({ context, changes, request, slots }));
    if (claimed !== undefined) return claimed;
  }
  throw busy(formatIssueRef(request.ref), 'being settled after a crash');
}

interface Attempt {
  readonly context: Needs;
  readonly changes: SessionChanges;
  readonly request: ClaimRequest;
  readonly slots: number;
}

/** Undefined when a run has been abandoned since they were last settled. */
async function tryClaim({ context, changes, request, slots }: Attempt): Promise<IssueSession | undefined> {
  const ref = formatIssueRef(request.ref);
  const session = await changes.issue(ref);
  if (isAbandoned(context.home, session?.run ?? null)) return undefined;
  requireHere(context.home, ref, session?.run ?? null);
  if (session !== undefined && isLive(context.home, session.run)) {
    throw session.run.id === callingAgent(context.env)?.runId ? ownIssue(ref) : busy(ref, busyWith(session.run));
  }
  if (request.kind === 'continue') requireContinuable(ref, session);
  if (request.kind === 'destroy' && session === undefined) throw notTracked(ref);
  if (request.afterRun !== undefined && session?.run?.id !== request.afterRun) throw overtaken(ref);
  if (request.kind !== 'destroy') requireSlot(context.home, await changes.soundIssues(), slots);
  await settleBefore(context, session);
  const claimed = {
    ...(session ?? newSession(context, request.ref)),
    state: 'preparing',
    run: newRun(context, request),
  } as const;
  await changes.putIssue(claimed);
  await addToParent(context, claimed);
  return claimed;
}

/** The last run's record is about to be replaced: whatever waits for its verdict must have it first. */
async function settleBefore(context: Needs, session: IssueSession | undefined): Promise<void> {
  const run = session?.run ?? null;
  if (run !== null && run.verdict !== null) await settleRunTasks(context, run, run.verdict);
}

async function addToParent(context: Needs, { issue_ref, run }: IssueSession): Promise<void> {
  if (run === null || typeof run.parent !== 'string' || typeof run.task === 'string') return;
  const child = { kind: 'run', id: run.id, issue_ref, outcome: null } as const;
  await settleItem(context, run.parent, { type: 'child_added', child });
}

/** How many development agents are at work or about to be, those of other containers and machines included. */
export function countLiveAgents(home: Home, sessions: readonly IssueSession[]): number {
  return sessions.filter(({ run }) => isLive(home, run) && run.kind !== 'destroy').length;
}

/** The error for an issue that kugetsu does not know. */
export function notTracked(ref: string): AppError {
  return new AppError('no_session', `there is no session for ${ref}`, {
    hint: `run: kugetsu start ${ref} MESSAGE; kugetsu list shows the issues that have a session`,
  });
}

function overtaken(ref: string): AppError {
  return new AppError('overtaken', `another run on ${ref} has ended in the meantime`, {
    hint: 'run: kugetsu list; then try again',
  });
}

function requireContinuable(ref: string, session: IssueSession | undefined): void {
  if (session === undefined) throw notTracked(ref);
  if (session.opencode_session_id !== null && session.worktree_path !== null) return;
  if (session.opencode_session_id !== null) {
    throw new AppError('worktree_missing', `${ref} has a session but no worktree`, {
      hint: `run: kugetsu start ${ref} MESSAGE; the session stays in opencode`,
    });
  }
  throw new AppError('no_session', `${ref} has no session yet: its start did not get that far`, {
    hint: `run: kugetsu start ${ref} MESSAGE`,
  });
}

function requireSlot(home: Home, sessions: readonly IssueSession[], slots: number): void {
  const live = countLiveAgents(home, sessions);
  if (live < slots) return;
  throw new AppError(
    'no_slot',
    `no agent slot is free: ${plural(live, 'agent')} at work, MAX_CONCURRENT_AGENTS is ${slots}`,
    {
      hint: 'wait for one to end (kugetsu list), or give --queue to let the daemon start it',
      exit: EXIT.busy,
    },
  );
}

function newSession({ clock }: Needs, ref: IssueRef): Omit<IssueSession, 'state' | 'run'> {
  return {
    type: 'forked',
    issue_ref: formatIssueRef(ref),
    opencode_session_id: null,
    worktree_path: null,
    created_at: isoWithOffset(clock.now()),
    branch: branchOf(ref),
    repository: null,
    start_commit: null,
    previous_session_ids: [],
  };
}

function newRun(context: Needs, { kind, runId, task = null, parent = null }: ClaimRequest): Run {
  const id = runId ?? newRunId(context);
  return {
    id,
    kind,
    log: runLogPath(context, id),
    phase: 'preparing',
    owner: { ...ownIdentity() },
    agent_pid: null,
    requested_at: isoWithOffset(context.clock.now()),
    working_at: null,
    ended_at: null,
    verdict: null,
    task,
    parent,
    taken_over: false,
  };
}

function busyWith(run: Run): string {
  if (run.kind === 'destroy') return 'being destroyed';
  return run.phase === 'preparing' ? 'being prepared for an agent' : `at work (run ${run.id})`;
}

/** An agent that waited for itself would wait until a deadline. */
function ownIssue(ref: string): AppError {
  return new AppError('busy', `you are working on ${ref} yourself`, {
    hint: `do not wait for it: do it now, or for later run: kugetsu queue enqueue ${ref} MESSAGE`,
    exit: EXIT.busy,
  });
}

function busy(ref: string, what: string): AppError {
  return new AppError('busy', `${ref} is ${what}`, {
    hint: `wait for it, follow it with kugetsu logs ${ref} -f, or end it with kugetsu stop ${ref}`,
    exit: EXIT.busy,
  });
}
