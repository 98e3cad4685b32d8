import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plural } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../queue/context.ts';
import { branchOf, formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { unlessUnreachable } from '../queue/outbox.ts';
import { settleItem, settleRunTasks } from './settle-task.ts';
import { reconcileRuns } from './reconcile-runs.ts';
import { callingAgent } from '../runs/agent-rights.ts';
import { requireHere } from '../runs/elsewhere.ts';
import { needsNewNumber } from '../runs/spending.ts';
import { newRun, readRunRecord, writeRunRecord } from '../runs/run-files.ts';
import { runOf, type AskedFor, type RunRecord } from '../runs/run-record.ts';
import type { Run } from '../runs/run-schema.ts';
import { isAbandoned, isLive } from '../runs/run-state.ts';
import { requireAll } from '../settings/settings.ts';
import { isAttached, isBeingDestroyed, requireDestroyedHere } from '../sessions/session-busy.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { changeSessions, type SessionChanges } from '../sessions/session-store.ts';
import { countAgents, liveRuns } from './live-runs.ts';
import { agentsByRepository } from './queue-situation.ts';
import { repositoryOf } from '../queue/why-tasks-wait.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'tempDirectory' | 'queue'>;

interface ClaimRequest {
  readonly ref: IssueRef;
  readonly kind: 'start' | 'continue';
  /** What the runner is to do. */
  readonly request: AskedFor;
  /** The id that the run is to have; a new one without. */
  readonly runId?: string | undefined;
  /** The queue item that the run is an attempt at. */
  readonly task: string | null;
  /** The PM task in whose run this one is started; it learns of its child. */
  readonly parent: string | null;
  /** Whether the runs that died were settled a moment ago. */
  readonly settled?: boolean;
}

const MAX_TRIES = 5;

/**
 * Claims an issue for one run: checks that it and a slot are free, and takes both in one critical section. The claim is this
 * process's until it is handed over, so that it dies with it.
 *
 * @throws AppError `busy` or `no_slot` (exit code 4), `no_session` when the run needs a session that is not there,
 * `over_budget` when it would go on from one that was ended at the same limit
 */
export async function claimIssue(context: Needs, request: ClaimRequest): Promise<RunRecord> {
  // A run keeps to the settings of its beginning.
  const settings = requireAll(await context.settings());
  const { MAX_CONCURRENT_AGENTS: slots, MAX_AGENTS_PER_REPO: perRepository } = settings;
  const claim: WhileFree<RunRecord> = async (changes, session) => {
    if (request.kind === 'continue') {
      requireContinuable(formatIssueRef(request.ref), session);
      requireBudget(formatIssueRef(request.ref), needsNewNumber(settings, session?.run?.verdict ?? null));
    }
    await requireSlot(context, changes, { slots, perRepository, ref: formatIssueRef(request.ref) });
    const record = newRecord(context, request);
    await settleBefore(context, session);
    // What the session file points to is there before it does.
    await writeRunRecord(context, record);
    await changes.putIssue({ ...(session ?? newSession(context, request.ref)), run: runOf(record) });
    await addToParent(context, record);
    return record;
  };
  return whileFree(context, formatIssueRef(request.ref), claim, { settled: request.settled === true });
}

/** Changes what nobody else may change meanwhile; undefined for an issue that is not tracked. */
type WhileFree<T> = (changes: SessionChanges, session: IssueSession | undefined) => Promise<T>;

/**
 * Runs `body` under the lock of the sessions while no agent is at work on the issue, and nobody destroys it. Runs that died
 * are settled first, unless they were a moment ago and none of them is the issue's.
 *
 * @throws AppError `busy` or `elsewhere` (exit code 4)
 */
export async function whileFree<T>(
  context: Needs,
  ref: string,
  body: WhileFree<T>,
  { settled = false }: { readonly settled?: boolean } = {},
): Promise<T> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if (tries > 0 || !settled) await reconcileRuns(context, { takeOver: true });
    const done = await changeSessions(context, async (changes) => {
      const session = await changes.issue(ref);
      // Abandoned since they were last settled, or its record is damaged, which is said.
      if (isAbandoned(context.home, session?.run ?? null)) {
        await readRunRecord(context, session?.run?.id ?? '');
        return undefined;
      }
      requireFree(context, ref, session);
      return { value: await body(changes, session) };
    });
    if (done !== undefined) return done.value;
  }
  throw busy(ref, BEING_SETTLED);
}

function requireFree({ home, env }: Needs, ref: string, session: IssueSession | undefined): void {
  if (session === undefined) return;
  const { run } = session;
  requireHere(home, ref, run);
  if (isLive(home, run)) throw run.id === callingAgent(env)?.runId ? ownIssue(ref) : busy(ref, busyWith(run));
  requireDestroyedHere(home, session);
  if (isBeingDestroyed(home, session)) throw busy(ref, BEING_DESTROYED);
  if (isAttached(home, session)) throw busy(ref, ATTACHED);
}

const WAIT_FOR_SLOT = 'give --queue to let the daemon start it, or wait for one to end; to see them, run: kugetsu list';
const BEING_DESTROYED = 'being destroyed';
const ATTACHED = 'open in a terminal (kugetsu attach)';
const BEING_SETTLED = 'being settled after a crash';
/** What has no agent to follow or to stop. */
const WAIT_ONLY: ReadonlySet<string> = new Set([BEING_DESTROYED, BEING_SETTLED, ATTACHED]);

/** Whatever waits for the last run's verdict has it before anything takes the place of that run; a queue that is away, later. */
export async function settleBefore(context: Needs, session: IssueSession | undefined): Promise<void> {
  const run = session?.run;
  if (run?.verdict != null) await settleRunTasks(context, run, run.verdict).catch(unlessUnreachable);
}

async function addToParent(context: Needs, { id, subject, task, parent }: RunRecord): Promise<void> {
  if (parent === null || task !== null || subject.type !== 'issue') return;
  const host = await context.queue.host();
  const child = {
    kind: 'run',
    id,
    issue_ref: subject.ref,
    outcome: null,
    ...(host === undefined ? {} : { host }),
  } as const;
  await settleItem(context, parent, { type: 'child_added', child });
}

/** The error for an issue that kugetsu does not know. */
export function notTracked(ref: string): AppError {
  return new AppError('no_session', `there is no session for ${ref}`, {
    hint: `run: kugetsu list; to begin one, run: kugetsu start ${ref} MESSAGE`,
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

function requireBudget(ref: string, limit: ReturnType<typeof needsNewNumber>): void {
  if (limit === undefined) return;
  const { setting, value } = limit;
  throw new AppError('over_budget', `the last run of ${ref} was ended at its limit, and ${setting} is still ${value}`, {
    hint: `to go on, run: kugetsu config set ${setting} ${value * 2}`,
  });
}

interface Limits {
  readonly slots: number;
  /** 0 for no limit. */
  readonly perRepository: number;
  readonly ref: string;
}

async function requireSlot(
  context: Needs,
  changes: SessionChanges,
  { slots, perRepository, ref }: Limits,
): Promise<void> {
  const runs = await liveRuns(context, { sessions: await changes.soundIssues() });
  const live = countAgents(runs);
  const repository = repositoryOf(ref);
  const there = agentsByRepository(runs).get(repository) ?? 0;
  if (perRepository > 0 && there >= perRepository) throw repositoryFull(repository, there, perRepository);
  if (live < slots) return;
  throw new AppError(
    'no_slot',
    `no agent slot is free: ${plural(live, 'agent')} at work, MAX_CONCURRENT_AGENTS is ${slots}`,
    {
      hint: WAIT_FOR_SLOT,
      exit: EXIT.busy,
    },
  );
}

function repositoryFull(repository: string, agents: number, limit: number): AppError {
  const message = `no agent slot is free in ${repository}: ${plural(agents, 'agent')} at work there, MAX_AGENTS_PER_REPO is ${limit}`;
  return new AppError('no_slot', message, {
    hint: WAIT_FOR_SLOT,
    exit: EXIT.busy,
  });
}

function newSession({ clock }: Needs, ref: IssueRef): Omit<IssueSession, 'run'> {
  return {
    type: 'forked',
    state: 'preparing',
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

function newRecord(context: Needs, { ref, kind, request, runId, task, parent }: ClaimRequest): RunRecord {
  return newRun(context, {
    id: runId,
    kind,
    subject: { type: 'issue', ref: formatIssueRef(ref) },
    task,
    parent,
    request,
  });
}

function busyWith(run: Run): string {
  if (run.kind === 'destroy') return BEING_DESTROYED;
  return run.phase === 'preparing' ? 'being prepared for an agent' : `at work (run ${run.id})`;
}

/** An agent that waited for itself would wait until a deadline. */
function ownIssue(ref: string): AppError {
  return new AppError('busy', `you are working on ${ref} yourself`, {
    hint: `do not wait for it: do it now; to have it done later, run: kugetsu queue enqueue ${ref} MESSAGE`,
    exit: EXIT.busy,
  });
}

function busy(ref: string, what: string): AppError {
  return new AppError('busy', `${ref} is ${what}`, {
    hint: WAIT_ONLY.has(what)
      ? 'wait for it to end'
      : `wait for it; to follow it, run: kugetsu logs ${ref} -f; to end it, run: kugetsu stop ${ref}`,
    exit: EXIT.busy,
  });
}
