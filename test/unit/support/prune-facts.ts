import type { Entry } from '../../../src/adapters/store/entries.ts';
import type { PruneFacts } from '../../../src/domain/prune/prune-facts.ts';
import { trackedBy, type StoredState } from '../../../src/domain/prune/tracked.ts';
import { sanitisedName } from '../../../src/domain/issues/sanitised-name.ts';
import type { OwnSession } from '../../../src/domain/sessions/own-sessions.ts';
import type { IssueSession } from '../../../src/domain/sessions/session-schema.ts';
import { issueTitle, purposeOf } from '../../../src/domain/sessions/session-titles.ts';
import { runWith, verdictWith } from './runs.ts';

/** A time to count from, in milliseconds since the epoch. */
export const NOW = Date.UTC(2026, 2, 29, 16, 0, 0);
export const DAY_MS = 24 * 60 * 60_000;
export const REPOSITORY = '/home/k/repos/h-a-b.git';

/** Issue `h/a/b#number`, whose last run ended a day ago; `changes` make it another one. */
export function issueWith(number: number, changes: Partial<IssueSession> = {}): IssueSession {
  const ref = `h/a/b#${number}`;
  return {
    type: 'forked',
    issue_ref: ref,
    opencode_session_id: `ses_${number}`,
    worktree_path: `/home/k/worktrees/${sanitisedName(ref)}`,
    created_at: '2026-03-01T10:00:00Z',
    state: 'idle',
    branch: `fix/issue-${number}`,
    repository: REPOSITORY,
    start_commit: 'abc',
    previous_session_ids: [],
    run: runWith({
      id: `r_${number}`,
      phase: 'ended',
      ended_at: new Date(NOW - DAY_MS).toISOString(),
      verdict: verdictWith(),
    }),
    ...changes,
  };
}

/** The state of a home with these issues; `changes` make it another one. */
export function stateWith(issues: readonly IssueSession[], changes: Partial<StoredState> = {}): StoredState {
  const entries = issues.map((session) => {
    const { issue_ref: ref } = session;
    return { ref, file: `${sanitisedName(ref)}.json`, session };
  });
  return {
    index: {
      base: 'ses_base',
      pm_agent: 'ses_pm',
      issues: Object.fromEntries(entries.map(({ ref, file }) => [ref, file])),
    },
    homeSessions: [],
    issues: entries,
    unnamed: [],
    liveRefs: [],
    tasks: [],
    brokenTasks: [],
    queueProblem: undefined,
    ...changes,
  };
}

/** Something that lies in the home since two days; `changes` make it another one. */
export function entryWith(path: string, changes: Partial<Entry> = {}): Entry {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return { name, path, type: 'directory', identity: path, modifiedMs: NOW - 2 * DAY_MS, ...changes };
}

/** Something under `worktrees/`. */
export function worktreeEntry(name: string, changes: Partial<Entry> = {}): Entry {
  return entryWith(`/home/k/worktrees/${name}`, changes);
}

/** What the repository keeps of a worktree under `worktrees/`. */
export function keptWorktree(name: string, stale = false): PruneFacts['repositories'][number]['kept'][number] {
  const directory = `${REPOSITORY}/worktrees/${name}`;
  return { id: name, directory, path: `/home/k/worktrees/${name}`, stale, name };
}

/** A session in opencode with this title, made two days ago. */
export function sessionWith(id: string, title: string, changes: Partial<OwnSession> = {}): OwnSession {
  const purpose = purposeOf(title);
  if (purpose === undefined) throw new Error(`not a title of kugetsu's: ${title}`);
  const made = NOW - 2 * DAY_MS;
  return { id, title, directory: '/home/k', time_created: made, time_updated: made, bytes: 7, purpose, ...changes };
}

/** The session of issue `h/a/b#number`. */
export function sessionOfIssue(id: string, number: number): OwnSession {
  return sessionWith(id, issueTitle(`h/a/b#${number}`));
}

/** A home with this state and nothing else; `changes` put something in. */
export function factsWith(state: StoredState, changes: Partial<PruneFacts> = {}): PruneFacts {
  return {
    now: NOW,
    tracked: trackedBy(state),
    unnamed: state.unnamed,
    done: [],
    worktrees: [],
    repositories: [],
    allRepositoriesRead: true,
    clones: [],
    runs: [],
    temporary: [],
    servers: [],
    sessions: [],
    ...changes,
  };
}
