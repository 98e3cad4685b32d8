import { existsSync, rmdirSync, stat, statSync, utimes, type Stats } from 'node:fs';
import { mkdir as makeDirectory, rmdir as removeDirectory } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, errnoOf } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { change } from './change.ts';
import { makePrivateDirectory } from './private-files.ts';

// A holder that was killed is passed over after STALE_MS; waiting must last longer than that, or one kill -9 would fail
// the next command.
const STALE_MS = 5000;
const UPDATE_MS = 1500;
const DEFAULT_WAIT_MS = 20_000;
/** The first pause of who waits for a lock, and the longest; most locks are held for a few milliseconds. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;
/** How long a lock is only looked at. Then it is tried again, because its holder may be dead. */
const LOOK_MS = 40;

/** The locks from the future that this process waits for: how they were seen, and since when by the monotonic clock. */
const standing = new Map<string, { readonly mark: string; readonly since: number }>();

/**
 * Whether a lock is from the future and nobody has marked it for so long that its holder must be dead. The clock was set
 * back since, and by its time the lock would hold until it has come round again.
 */
function standsStill(path: string, { ino, mtimeMs }: Stats): boolean {
  if (mtimeMs <= Date.now() + STALE_MS) {
    standing.delete(path);
    return false;
  }
  const mark = `${ino} ${mtimeMs}`;
  const known = standing.get(path);
  if (known?.mark === mark) return performance.now() - known.since > STALE_MS;
  standing.set(path, { mark, since: performance.now() });
  return false;
}

// Locks are directories, and private like everything else in the home. What is here is all that proper-lockfile calls: a copy of node:fs
// would take every command that may lock something a millisecond, because streams are loaded for it.
const PRIVATE_FS = {
  utimes,
  rmdirSync,
  stat: (path: string, done: (error: Error | null, facts?: Stats) => void) =>
    stat(path, (error, facts) => {
      const old = error === null && standsStill(path, facts);
      done(error, old ? Object.assign(facts, { mtime: new Date(0) }) : facts);
    }),
  mkdir: (path: string, done: Done) =>
    void tell(
      change('lock', path, async () => makeDirectory(path, { mode: 0o700 })),
      done,
    ),
  rmdir: (path: string, done: Done) =>
    void tell(
      change('unlock', path, async () => removeDirectory(path)),
      done,
    ),
};

type Done = (error: Error | null) => void;

async function tell(result: Promise<void>, done: Done): Promise<void> {
  const error = await result.then(
    () => null,
    (reason: Error) => reason,
  );
  done(error);
}

/** A lock that is held; `assertHeld` throws when it was lost, which is the moment not to write. */
export interface HeldLock {
  assertHeld(): void;
}

/**
 * Runs `body` while holding the lock directory `path`. A lock whose holder died is taken over after 5 s.
 *
 * @throws AppError `locked` (exit code 4) when the lock was not free within `waitMs`, 20 s by default
 */
export async function withLock<T>(
  path: string,
  body: (lock: HeldLock) => Promise<T>,
  { waitMs = DEFAULT_WAIT_MS }: { readonly waitMs?: number } = {},
): Promise<T> {
  await makePrivateDirectory(dirname(path));
  let lost: Error | undefined;
  const release = await acquireWithin(path, waitMs, (error) => {
    lost = error;
  });
  const taken = markOf(path);
  try {
    return await body({
      assertHeld() {
        // A process that was paused learns from the directory itself that another one has taken the lock meanwhile.
        if (lost === undefined && markOf(path) === taken) return;
        throw lockLost(path, lost ?? new Error('another process has taken it'));
      },
    });
  } finally {
    if (lost === undefined) await release().catch(() => undefined);
  }
}

/** Whether somebody who is alive holds the lock directory `path`. */
export async function isLocked(path: string): Promise<boolean> {
  // A hot command without a lock does not load it.
  const { check } = await import('proper-lockfile');
  return check(path, { lockfilePath: path, realpath: false, stale: STALE_MS });
}

/** What tells this lock directory from one that was made later in its place. */
function markOf(path: string): string | undefined {
  try {
    const { ino, birthtimeMs } = statSync(path);
    return `${ino} ${birthtimeMs}`;
  } catch {
    return undefined;
  }
}

async function acquireWithin(
  path: string,
  waitMs: number,
  onCompromised: (error: Error) => void,
): Promise<() => Promise<void>> {
  const { lock: acquire } = await import('proper-lockfile');
  const deadline = performance.now() + waitMs;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      return await acquire(path, {
        lockfilePath: path,
        realpath: false,
        stale: STALE_MS,
        update: UPDATE_MS,
        onCompromised,
        fs: PRIVATE_FS,
      });
    } catch (error) {
      if (errnoOf(error) !== 'ELOCKED') throw error;
      if (performance.now() >= deadline) throw stillLocked(path, waitMs, error);
    }
    pauseMs = await untilFree(path, pauseMs);
  }
}

/** Looks whether a lock is free, which costs much less than to try it. @returns how long the next pause is to be */
async function untilFree(path: string, firstPauseMs: number): Promise<number> {
  const end = performance.now() + LOOK_MS;
  let pauseMs = firstPauseMs;
  do {
    // Those who wait must not all look at the same moment.
    const ms = pauseMs * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, ms));
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  } while (existsSync(path) && performance.now() < end);
  return pauseMs;
}

function stillLocked(path: string, waitMs: number, cause: unknown): AppError {
  return new AppError('locked', `another kugetsu has held ${path} for ${Math.round(waitMs / 1000)} seconds`, {
    hint: 'try again; if no kugetsu is running, remove that directory',
    exit: EXIT.busy,
    cause,
  });
}

function lockLost(path: string, cause: Error): AppError {
  return new AppError('lock_lost', `the lock ${path} was lost before the change was written; nothing was changed`, {
    hint: 'try again; this happens when the machine sleeps or the clock jumps',
    cause,
  });
}
