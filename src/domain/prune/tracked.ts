import { basename } from 'node:path';
import type { Entry } from '../../adapters/store/entries.ts';
import type { Words } from '../../util/words.ts';
import { isBranchOf } from '../issues/issue-ref.ts';
import { sanitisedName, shortHash } from '../issues/sanitised-name.ts';
import { isFinished } from '../queue/advance.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import type { OwnSession } from '../sessions/own-sessions.ts';
import type { HomeSession, Index } from '../sessions/home-session-schema.ts';
import type { IssueSession } from '../sessions/session-schema.ts';

/** What the state files say at one moment. */
export interface StoredState {
  readonly index: Index;
  readonly homeSessions: readonly HomeSession[];
  /** The sessions that the index names; `session` is undefined when the file is gone. */
  readonly issues: readonly {
    readonly ref: string;
    readonly file: string;
    readonly session: IssueSession | undefined;
  }[];
  /** The files in `sessions/` that the index does not name. */
  readonly unnamed: readonly UnnamedFile[];
  /** The issues for which a process of a run is alive, whatever the index says. */
  readonly liveRefs: readonly string[];
  readonly tasks: readonly QueueItem[];
  /** The ids of tasks whose file cannot be read. */
  readonly brokenTasks: readonly string[];
  /** Why the tasks could not be read at all, if so. */
  readonly queueProblem: Words | undefined;
}

/** A session file that the index does not name. */
export interface UnnamedFile {
  readonly entry: Entry;
  readonly session: IssueSession;
  readonly live: boolean;
}

/** What belongs to somebody, and so is no orphan. */
export interface Tracked {
  /** Names under `worktrees/`, in lower case: some filesystems fold case. */
  readonly worktrees: ReadonlySet<string>;
  /** `repository` is the name of the bare repository; undefined stands for any. */
  readonly branches: readonly { readonly repository: string | undefined; readonly branch: string }[];
  /** Issues of which nobody knows on which branch they are: one of their identifier, whatever it begins with. */
  readonly identifiers: readonly string[];
  /** Ids of sessions in opencode. */
  readonly sessions: ReadonlySet<string>;
  /** Issues whose sessions are not all known: a run is live, or the session file is gone. */
  readonly unsettledRefs: ReadonlySet<string>;
  /** Runs that have not ended. */
  readonly runs: ReadonlySet<string>;
  /** Whether the tasks are known; if not, none of what follows is whole. */
  readonly queueRead: boolean;
  /** Tasks that have not come to their end, as far as is known. */
  readonly tasks: ReadonlySet<string>;
  /** Issues with such a task. */
  readonly waitingRefs: ReadonlySet<string>;
}

/** What belongs to an issue according to the state files. In doubt, it does. */
export function trackedBy(state: StoredState): Tracked {
  const { index, homeSessions, issues, unnamed } = state;
  const live = unnamed.filter((file) => file.live).map(({ session }) => session);
  const sessions = [...issues.flatMap(({ session }) => (session === undefined ? [] : [session])), ...live];
  const open = sessions.filter(
    ({ run, destroying = null }) => destroying !== null || (run !== null && run.phase !== 'ended'),
  );
  const lost = issues.filter(({ session }) => session === undefined).map(({ ref }) => ref);
  const unsettled = [...open.map(({ issue_ref: ref }) => ref), ...lost, ...state.liveRefs];
  const tasks = state.tasks.filter((task) => !isFinished(task));
  return {
    worktrees: new Set([
      ...issues.map(({ file }) => withoutExtension(file)),
      ...sessions.flatMap(({ worktree_path: path }) => (path === null ? [] : [basename(path).toLowerCase()])),
      ...unsettled.flatMap((ref) => [sanitisedName(ref), `${sanitisedName(ref)}-${shortHash(ref)}`]).map(lower),
    ]),
    branches: sessions
      // One of the bash script's sessions has a worktree, and does not say in which repository its branch is.
      .filter(({ repository, worktree_path: worktree }) => repository !== null || worktree !== null)
      .map(({ repository, branch }) => ({
        repository: repository === null ? undefined : basename(repository),
        branch,
      })),
    identifiers: unsettled.map((ref) => ref.slice(ref.indexOf('#') + 1)),
    sessions: new Set(
      [
        index.base,
        index.pm_agent,
        ...[...homeSessions, ...sessions].map(({ opencode_session_id: id }) => id),
        ...tasks.map(({ session_id: id }) => id),
      ].filter((id) => id !== null),
    ),
    unsettledRefs: new Set(unsettled),
    runs: new Set([
      ...open.flatMap(({ run }) => (run === null ? [] : [run.id])),
      ...tasks.flatMap(({ run_id: id, run }) => [id, run?.id]).filter((id) => typeof id === 'string'),
    ]),
    queueRead: state.queueProblem === undefined,
    tasks: new Set([...tasks.map(({ id }) => id), ...state.brokenTasks]),
    waitingRefs: new Set(tasks.map(({ issue_ref: ref }) => ref).filter((ref) => ref !== null)),
  };
}

/** Whether something in `worktrees/` belongs to a tracked issue. */
export function ownsWorktree({ worktrees }: Tracked, name: string): boolean {
  return worktrees.has(lower(name));
}

/** Whether a branch of the bare repository at `repository` belongs to a tracked issue. */
export function ownsBranch({ branches, identifiers }: Tracked, repository: string, branch: string): boolean {
  const name = basename(repository);
  return (
    identifiers.some((identifier) => isBranchOf({ identifier }, branch)) ||
    branches.some((owned) => owned.branch === branch && (owned.repository ?? name) === name)
  );
}

function withoutExtension(file: string): string {
  return lower(file.replace(/\.json$/, ''));
}

function lower(name: string): string {
  return name.toLowerCase();
}

/** A write takes milliseconds, and so does the step from an unrecorded session to a recorded one. */
const SETTLED_MS = 60 * 60_000;

/** Whether something that was last changed then can no longer be in use. Times are in milliseconds. */
export function isLongPast(changedMs: number, now: number): boolean {
  return now - changedMs >= SETTLED_MS;
}

/** Why this session in opencode is unused; undefined when something uses it or may use it. */
export function sessionOrphaned(session: OwnSession, tracked: Tracked, now: number): string | undefined {
  const { id, purpose, time_created: created } = session;
  if (tracked.sessions.has(id)) return undefined;
  switch (purpose.kind) {
    case 'base':
      return 'an earlier base session';
    case 'pm_agent':
      // init makes the session first, and then records it.
      return isLongPast(created, now) ? 'an earlier session of the PM agent' : undefined;
    case 'doctor':
      return isLongPast(created, now) ? 'left by a doctor that was killed' : undefined;
    case 'pm_task':
      return !tracked.queueRead || tracked.tasks.has(purpose.task) ? undefined : 'its task is over';
    case 'issue':
      // A start makes the session first, and then records it.
      return tracked.unsettledRefs.has(purpose.ref) ? undefined : 'no issue uses it';
  }
}
