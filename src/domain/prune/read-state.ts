import { runIdsInUse } from '../../adapters/process/process-table.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { listEntries, entryAt, type Entry } from '../../adapters/store/entries.ts';
import { AppError, wordsOf } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../queue/context.ts';
import type { Home } from '../home.ts';
import { issueOfRun } from '../runs/run-request.ts';
import type { Index } from '../sessions/home-session-schema.ts';
import { readIndex } from '../sessions/read-sessions.ts';
import { HOME_SESSION_FILES, readHomeSessionFile, readIssueFile } from '../sessions/session-files.ts';
import { isBusy } from '../sessions/session-busy.ts';
import { changeSessions } from '../sessions/session-store.ts';
import { type StoredState, type UnnamedFile, trackedBy, type Tracked } from './tracked.ts';

type HomeOnly = Pick<Context, 'home'>;
type Needs = Pick<Context, 'home' | 'queue'>;

/**
 * What all state files say now. Index and session files are read under their lock: a session file that is just being
 * written is seen with the index entry that names it, or not at all.
 *
 * @throws AppError `not_initialised` (exit code 3) without an index: then everything would look like an orphan;
 * `corrupt_file` for one that cannot be read, which might name anything
 */
export async function readState(context: Needs): Promise<StoredState> {
  return { ...(await changeSessions(context, async () => readSessions(context))), ...(await readOthers(context)) };
}

/** As {@link readState}, then `body` with it while the lock of the sessions is held. No child process inside. */
export async function withState<T>(context: Needs, body: (state: StoredState) => Promise<T>): Promise<T> {
  const others = await readOthers(context);
  return changeSessions(context, async () => body({ ...(await readSessions(context)), ...others }));
}

type SessionState = Pick<StoredState, 'index' | 'homeSessions' | 'issues' | 'unnamed'>;

async function readSessions(context: HomeOnly): Promise<SessionState> {
  const { home } = context;
  const index = await requireIndex(context);
  const homeSessions = await Promise.all([readHomeSessionFile(home, 'base'), readHomeSessionFile(home, 'pm_agent')]);
  const issues = await Promise.all(
    Object.entries(index.issues).map(async ([ref, file]) => ({
      ref,
      file,
      session: await readIssueFile(home, file, ref),
    })),
  );
  return {
    index,
    homeSessions: homeSessions.filter((session) => session !== undefined),
    issues,
    unnamed: await readUnnamed(home, index),
  };
}

/** The index. @throws AppError `not_initialised` (exit code 3) when there is none */
export async function requireIndex(context: HomeOnly): Promise<Index> {
  const index = await readIndex(context);
  if (index !== undefined) return index;
  throw new AppError('not_initialised', `there is no ${context.home.index}, so nothing is known to be tracked`, {
    hint: 'run: kugetsu init; if the file was lost, restore it first, or everything it named will count as orphaned',
    exit: EXIT.notReady,
  });
}

async function readUnnamed(home: Home, { issues }: Index): Promise<UnnamedFile[]> {
  const named = new Set(
    [...Object.values(HOME_SESSION_FILES), ...Object.values(issues)].map((file) => file.toLowerCase()),
  );
  const files = (await listEntries(home.sessions)).filter(
    ({ name, type }) =>
      type === 'file' && name.endsWith('.json') && !name.startsWith('.') && !named.has(name.toLowerCase()),
  );
  const read = files.map(async (entry) => {
    const session = await readIssueFile(home, entry.name);
    return session === undefined ? undefined : { entry, session, live: isBusy(home, session) };
  });
  return (await Promise.all(read)).filter((file) => file !== undefined);
}

type OtherState = Pick<StoredState, 'liveRefs' | 'tasks' | 'brokenTasks' | 'queueProblem'>;

async function readOthers(context: Needs): Promise<OtherState> {
  const live = { liveRefs: await liveRefs(context) };
  try {
    const { items, broken } = await context.queue.all();
    return { ...live, tasks: items, brokenTasks: broken.map(({ id }) => id), queueProblem: undefined };
  } catch (error) {
    // Without the queue nothing that a task may need is unused.
    return { ...live, tasks: [], brokenTasks: [], queueProblem: wordsOf(error) };
  }
}

/** A run whose session file somebody has removed is still known by its processes. */
async function liveRefs(context: HomeOnly): Promise<string[]> {
  const inUse = runIdsInUse();
  const ids = (await listDirectory(context.home.runs)).map((name) => name.replace(/\.json$/, ''));
  const here = [...new Set(ids)].filter((id) => inUse.has(id));
  const refs = await Promise.all(here.map(async (id) => issueOfRun(context, id)));
  return refs.filter((ref) => ref !== undefined);
}

/** Why something is not deleted after all; undefined says that it may be, or has been. */
export type WhyNot = string | undefined;

/** Why an item is skipped that has changed since the plan was made. */
export const CHANGED = 'it has changed since it was checked';

/** What belongs to somebody at this moment. */
export async function trackedNow(context: Pick<Context, 'home' | 'queue'>): Promise<Tracked> {
  return trackedBy(await readState(context));
}

/** Whether this is still the same thing that was checked, as it was. */
export async function changeOf(entry: Entry): Promise<WhyNot> {
  const now = await entryAt(entry.path);
  if (now === undefined) return 'it is already gone';
  return now.identity === entry.identity && now.modifiedMs === entry.modifiedMs ? undefined : CHANGED;
}
