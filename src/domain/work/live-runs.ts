import type { Context } from '../queue/context.ts';
import { unlessUnreachable } from '../queue/outbox.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { requireHere } from '../runs/elsewhere.ts';
import { listRunRecords, readRunRecord } from '../runs/run-files.ts';
import { hasEnded, recordOf, runOf, type RunRecord } from '../runs/run-record.ts';
import { isLive } from '../runs/run-state.ts';
import { requireDestroyedHere } from '../sessions/session-busy.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { callingAgent } from '../runs/agent-rights.ts';

type Needs = Pick<Context, 'home' | 'queue'>;
type Calling = Pick<Context, 'home' | 'env' | 'settings'>;

/** The state files that know of runs which 0.1.0 began, and which have no record. */
interface Known {
  readonly sessions?: readonly IssueSession[];
  readonly items?: readonly QueueItem[];
}

/** The runs that have no verdict, alive or not, oldest first. */
export async function openRuns(
  context: Pick<Context, 'home'>,
  { sessions = [], items = [] }: Known,
): Promise<RunRecord[]> {
  const recorded = await listRunRecords(context);
  const known = new Set(recorded.map(({ id }) => id));
  const copies = [
    ...sessions.map(({ run, issue_ref: ref }) => ({ run, subject: { type: 'issue', ref } as const })),
    // What a task that is not claimed knows of is over, or never began; and what names a host is newer, and has a record there.
    ...items
      .filter(({ state, run }) => state === 'notified' && run?.owner.host === undefined)
      .map(({ run, id }) => ({ run, subject: { type: 'task', id } as const })),
  ];
  const old: RunRecord[] = [];
  for (const { run, subject } of copies) {
    if (run === null || run.verdict !== null || known.has(run.id)) continue;
    // A task learns of its run's end after the record.
    if ((await readRunRecord(context, run.id).catch(() => undefined)) === undefined) old.push(recordOf(run, subject));
  }
  return [...recorded, ...old].filter((record) => !hasEnded(record));
}

/** The runs that are on, here or elsewhere, oldest first. */
export async function liveRuns(context: Pick<Context, 'home'>, known: Known): Promise<RunRecord[]> {
  return (await openRuns(context, known)).filter((record) => isLive(context.home, runOf(record)));
}

/** A run that has an agent slot. */
type RunOnIssue = RunRecord & { readonly subject: { readonly type: 'issue' } };

/** Whether a live run has an agent slot: each on an issue has, but for those of 0.1.0 that destroyed one. */
export function hasSlot(run: RunRecord): run is RunOnIssue {
  return run.subject.type === 'issue' && run.kind !== 'destroy';
}

/** How many of these runs have an agent slot. */
export function countAgents(runs: readonly RunRecord[]): number {
  return runs.filter(hasSlot).length;
}

/** How many of these runs are the PM agent's. */
export function countPmRuns(runs: readonly RunRecord[]): number {
  return runs.filter(({ kind }) => kind === 'pm').length;
}

/** What agents are at work on: issue refs, and the ids of PM tasks. */
export async function liveRunSubjects(context: Needs): Promise<string[]> {
  const runs = await liveRuns(context, await readKnown(context));
  return runs.map(({ subject }) => subjectName(subject)).filter((name) => name !== undefined);
}

/** @throws AppError `elsewhere` (exit code 4) when anything is at work on an issue or a task that cannot be seen from here */
export async function requireAllHere(context: Needs): Promise<void> {
  const { home } = context;
  // A queue that cannot be read keeps nobody from what has nothing to do with it.
  const items = await context.queue.all().then(
    ({ items: all }) => all,
    () => [],
  );
  const known = { sessions: await readSoundIssueSessions(context), items };
  for (const record of await openRuns(context, known)) {
    requireHere(home, subjectName(record.subject) ?? record.kind, runOf(record));
  }
  for (const session of known.sessions) requireDestroyedHere(home, session);
}

/** What a run is for, as a person names it; undefined when it is a command's own. */
export function subjectName(subject: RunRecord['subject']): string | undefined {
  if (subject.type === 'issue') return subject.ref;
  return subject.type === 'task' ? subject.id : undefined;
}

async function readKnown(context: Needs): Promise<Required<Known>> {
  // What is at work here is known here, but for what 0.1.0 began.
  const tasks = await context.queue.all().catch(unlessUnreachable);
  return { sessions: await readSoundIssueSessions(context), items: tasks?.items ?? [] };
}

/**
 * The tasks of the calling agent that cannot begin while it works, because no slot is free for them: it holds one itself, and
 * would wait until a deadline ended it. None outside of a run.
 */
export async function heldBackByCaller(context: Calling, items: readonly QueueItem[]): Promise<readonly QueueItem[]> {
  const caller = callingAgent(context.env);
  if (caller === undefined) return [];
  const sessions = await readSoundIssueSessions(context);
  const task = items.find(({ run_id: id }) => id === caller.runId);
  const onIssue = sessions.some(({ run }) => run?.id === caller.runId);
  if (task === undefined && !onIssue) return [];
  const { MAX_CONCURRENT_AGENTS: slots } = await context.settings();
  const runs = await liveRuns(context, { sessions, items });
  const free = slots - countAgents(runs);
  const pmRuns = countPmRuns(runs);
  // As the daemon chooses: a development task needs a slot, and a PM task that fewer PM runs are alive than slots are free.
  const blocked = ({ type }: QueueItem): boolean => (type === 'issue' ? free <= 0 && onIssue : pmRuns >= free);
  return items.filter((item) => item.state === 'pending' && isOf(item, caller.runId, items, sessions) && blocked(item));
}

type Sessions = Awaited<ReturnType<typeof readSoundIssueSessions>>;

/** Whether the run with this id has made the task, for the task that it works for. */
function isOf({ parent, origin }: QueueItem, runId: string, items: readonly QueueItem[], sessions: Sessions): boolean {
  const owners = new Set([
    ...items.filter(({ run_id: id }) => id === runId).map(({ id }) => id),
    ...sessions.filter(({ run }) => run?.id === runId).flatMap(({ run }) => [run?.task, run?.parent]),
  ]);
  return [parent, origin].some((id) => id !== null && owners.has(id));
}
