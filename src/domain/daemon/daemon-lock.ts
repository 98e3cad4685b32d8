import { lastSignOf } from '../../adapters/process/heartbeat.ts';
import { isOwn, ownIdentity } from '../../adapters/process/process-identity.ts';
import { whereabouts } from '../../adapters/process/standing.ts';
import { writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { removeFile, replaceFile } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../context.ts';
import type { Home } from '../home.ts';
import { elsewhere } from '../runs/elsewhere.ts';
import { findDaemon, requireNoScriptDaemon, type LiveDaemon } from './find-daemon.ts';

type HomeOnly = Pick<Context, 'home'>;

/**
 * Makes this process the daemon of the home for as long as it lives, or until the returned function is called.
 *
 * @throws AppError `daemon_running` (exit code 4) when another one is, and `elsewhere` (exit code 4) when that one is in
 * another container or on another machine
 */
export async function becomeDaemon(context: Pick<Context, 'home' | 'clock'>): Promise<() => Promise<void>> {
  const { home, clock } = context;
  const owner = ownIdentity();
  await guarded(context, async () => {
    const other = await findDaemon(context);
    if (other !== undefined && !isOwn(other.owner)) throw alreadyRunning(home, other);
    await requireNoScriptDaemon(context);
    // Whoever finds the lock finds the pid file, too.
    await replaceFile(home.daemonPid, `${owner.pid}\n`);
    await writeJsonFile(home.daemonLock, { owner, since: isoWithOffset(clock.now()) });
  });
  return async () =>
    guarded(context, async () => {
      const current = await findDaemon(context);
      if (current === undefined || !isOwn(current.owner)) return;
      await removeFile(home.daemonLock);
      await removeFile(home.daemonPid);
    });
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/**
 * As {@link becomeDaemon}, for a process that nobody starts again. A container that was killed leaves a daemon behind that
 * cannot be told from one that is alive elsewhere but by its heartbeat: as long as that is not renewed it is waited for.
 */
export async function becomeDaemonInTime(
  context: Pick<Context, 'home' | 'clock'>,
  { signal, onLine }: Waiting,
): Promise<() => Promise<void>> {
  const { home, clock } = context;
  const found = await findDaemon(context);
  if (found?.here === false) {
    const since = lastSignOf(home.heartbeats, found.owner).at;
    onLine(
      `a queue daemon may be running ${whereabouts(found.owner)}: waiting until it is heard from or counts as dead`,
    );
    for (let other: typeof found | undefined = found; other?.here === false; other = await findDaemon(context)) {
      if (signal.aborted || lastSignOf(home.heartbeats, other.owner).at !== since) break;
      await clock.sleep(POLL_MS, signal);
    }
  }
  return becomeDaemon(context);
}

const POLL_MS = 200;

/** Only looking and taking is guarded by a lock of the usual kind; it is held for an instant. */
async function guarded<T>({ home }: HomeOnly, body: () => Promise<T>): Promise<T> {
  return withLock(guardOf(home), body);
}

/** The lock under which the daemon's lock changes. */
export function guardOf({ daemonLock }: Context['home']): string {
  return `${daemonLock}.guard`;
}

/** The error for a daemon that is alive already. */
export function alreadyRunning(home: Home, { owner, since, here }: LiveDaemon): AppError {
  if (!here) return elsewhere(home, 'the queue daemon is running', owner);
  return new AppError('daemon_running', `the queue daemon is running already (pid ${owner.pid}, since ${since})`, {
    hint: 'run: kugetsu queue-daemon status, or kugetsu queue-daemon restart to replace it',
    exit: EXIT.busy,
  });
}
