import { join } from 'node:path';
import { writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock, type HeldLock } from '../../adapters/store/lock.ts';
import { removeFile, readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { freeAside } from '../../adapters/store/entries.ts';
import type { Home } from '../home.ts';
import { uniqueName } from '../issues/sanitised-name.ts';
import { readIndex, readIssueSession, readSoundIssueSessions } from './read-sessions.ts';
import { HOME_SESSION_FILES, homeSessionPath, readHomeSessionFile, withState, readIssueFile } from './session-files.ts';
import type { HomeSession, Index } from './home-session-schema.ts';
import type { IssueSession } from './session-schema.ts';
import type { Context } from '../context.ts';

const EMPTY_INDEX: Index = { base: null, pm_agent: null, issues: {} };

type HomeOnly = { readonly home: Home };

/** Changes to the tracked sessions while their lock is held; each one is durable when it returns. */
export interface SessionChanges {
  /** The name that the issue's files have, or would get. */
  nameFor(ref: string): string;
  issue(ref: string): Promise<IssueSession | undefined>;
  /** All but those whose file cannot be read. */
  soundIssues(): Promise<IssueSession[]>;
  putIssue(session: IssueSession): Promise<void>;
  removeIssue(ref: string): Promise<void>;
  /** Tracks an issue whose session file is there under this name. @returns false when it is tracked already */
  adopt(ref: string, file: string): Promise<boolean>;
  putHomeSession(session: HomeSession): Promise<void>;
  /** Writes down in which directory a session runs, if it is still the one. */
  putDirectory(session: HomeSession, directory: string): Promise<void>;
  removeHomeSession(type: HomeSession['type']): Promise<void>;
}

/** Runs `body` under the lock of index and session files. No child process may be waited for inside. */
export async function changeSessions<T>(context: HomeOnly, body: (changes: SessionChanges) => Promise<T>): Promise<T> {
  return withLock(context.home.sessionsLock, async (lock) => body(await changesUnder(context, lock)));
}

/** As {@link changeSessions}, for who holds the lock. @throws AppError `corrupt_file` for an index that cannot be read */
export async function changesUnder(context: HomeOnly, lock: HeldLock): Promise<SessionChanges> {
  return new LockedSessions(context, (await readIndex(context)) ?? EMPTY_INDEX, lock);
}

/** Changes one issue's session, if it is tracked, as `change` says; undefined from `change` leaves it as it is. */
export async function updateIssueSession(
  context: HomeOnly,
  ref: string,
  change: (session: IssueSession) => IssueSession | undefined,
): Promise<IssueSession | undefined> {
  return changeSessions(context, async (changes) => {
    const session = await changes.issue(ref);
    const changed = session === undefined ? undefined : change(session);
    if (changed !== undefined) await changes.putIssue(changed);
    return changed;
  });
}

class LockedSessions implements SessionChanges {
  private index: Index;
  private readonly context: HomeOnly;
  private readonly lock: HeldLock;

  constructor(context: HomeOnly, index: Index, lock: HeldLock) {
    this.context = context;
    this.index = index;
    this.lock = lock;
  }

  nameFor(ref: string): string {
    const file = this.index.issues[ref];
    if (file !== undefined) return file.replace(/\.json$/, '');
    // Some filesystems fold case, so names that differ in case only are the same.
    const taken = new Set(
      [...Object.values(HOME_SESSION_FILES), ...Object.values(this.index.issues)].map((name) => name.toLowerCase()),
    );
    return uniqueName(ref, (name) => taken.has(`${name}.json`.toLowerCase()));
  }

  async issue(ref: string): Promise<IssueSession | undefined> {
    return readIssueSession(this.context, ref);
  }

  async soundIssues(): Promise<IssueSession[]> {
    return readSoundIssueSessions(this.context);
  }

  // The file comes first: an index entry without its file would be a session that is lost.
  async putIssue(session: IssueSession): Promise<void> {
    const file = `${this.nameFor(session.issue_ref)}.json`;
    await this.write(join(this.context.home.sessions, file), withState(session));
    if (this.index.issues[session.issue_ref] === file) return;
    await this.writeIndex({ ...this.index, issues: { ...this.index.issues, [session.issue_ref]: file } });
  }

  async removeIssue(ref: string): Promise<void> {
    const { [ref]: file, ...issues } = this.index.issues;
    if (file === undefined) return;
    await this.writeIndex({ ...this.index, issues });
    await removeFile(join(this.context.home.sessions, file));
  }

  async adopt(ref: string, file: string): Promise<boolean> {
    if (this.index.issues[ref] !== undefined) return false;
    await this.writeIndex({ ...this.index, issues: { ...this.index.issues, [ref]: file } });
    return true;
  }

  async putHomeSession(session: HomeSession): Promise<void> {
    await this.write(homeSessionPath(this.context.home, session.type), session);
    await this.writeIndex({ ...this.index, [session.type]: session.opencode_session_id });
  }

  async putDirectory({ type, opencode_session_id: id }: HomeSession, directory: string): Promise<void> {
    const current = await readHomeSessionFile(this.context.home, type);
    if (current?.opencode_session_id !== id) return;
    await this.write(homeSessionPath(this.context.home, type), { ...current, directory });
  }

  async removeHomeSession(type: HomeSession['type']): Promise<void> {
    await this.writeIndex({ ...this.index, [type]: null });
    await removeFile(homeSessionPath(this.context.home, type));
  }

  private async writeIndex(index: Index): Promise<void> {
    await this.write(this.context.home.index, index);
    this.index = index;
  }

  private async write(path: string, value: unknown): Promise<void> {
    this.lock.assertHeld();
    await writeJsonFile(path, value);
  }
}

/**
 * Writes the index anew from the session files that can be read. What was there is kept beside it first, so that a
 * crash at any moment leaves an index that is the old one or the new one.
 */
export async function rebuildIndex({
  home,
  clock,
}: Pick<Context, 'home' | 'clock'>): Promise<{ readonly kept: string | undefined; readonly entries: number }> {
  return withLock(home.sessionsLock, async (lock) => {
    const before = await readTextIfExists(home.index);
    const kept = before === undefined ? undefined : await freeAside(home.index, 'corrupt', clock.now());
    const index = await indexOf({ home });
    lock.assertHeld();
    if (kept !== undefined) await replaceFile(kept, before ?? '');
    await writeJsonFile(home.index, index);
    return { kept, entries: Object.keys(index.issues).length };
  });
}

async function indexOf({ home }: Pick<Context, 'home'>): Promise<Index> {
  const homeSession = async (type: HomeSession['type']): Promise<string | null> =>
    (await readHomeSessionFile(home, type).catch(() => undefined))?.opencode_session_id ?? null;
  const issues: Record<string, string> = {};
  for (const name of (await listDirectory(home.sessions)).filter((file) => file.endsWith('.json')).toSorted()) {
    const session = await readIssueFile(home, name).catch(() => undefined);
    if (session !== undefined) issues[session.issue_ref] ??= name;
  }
  return {
    base: await homeSession('base'),
    pm_agent: await homeSession('pm_agent'),
    issues,
  };
}
