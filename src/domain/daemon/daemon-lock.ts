import { ownIdentity } from '../../adapters/process/process-identity.ts';
import { writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { removeFile, replaceFile } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Context } from '../context.ts';
import { findDaemon, type LiveDaemon } from './find-daemon.ts';
import { requireNoScriptDaemon } from './script-daemon.ts';

type HomeOnly = Pick<Context, 'home'>;

/**
 * Makes this process the daemon of the home for as long as it lives, or until the returned function is called.
 *
 * @throws AppError `daemon_running` (exit code 4) when another one is
 */
export async function becomeDaemon(context: Pick<Context, 'home' | 'clock'>): Promise<() => Promise<void>> {
  const { home, clock } = context;
  const owner = ownIdentity();
  await guarded(context, async () => {
    const other = await findDaemon(context);
    if (other !== undefined && other.owner.pid !== owner.pid) throw alreadyRunning(other);
    await requireNoScriptDaemon(context);
    // Whoever finds the lock finds the pid file, too.
    await replaceFile(home.daemonPid, `${owner.pid}\n`);
    await writeJsonFile(home.daemonLock, { owner, since: isoWithOffset(clock.now()) });
  });
  return async () =>
    guarded(context, async () => {
      if ((await findDaemon(context))?.owner.pid !== owner.pid) return;
      await removeFile(home.daemonLock);
      await removeFile(home.daemonPid);
    });
}

/** Only looking and taking is guarded by a lock of the usual kind; it is held for an instant. */
async function guarded<T>({ home }: HomeOnly, body: () => Promise<T>): Promise<T> {
  return withLock(guardOf(home), body);
}

/** The lock under which the daemon's lock changes. */
export function guardOf({ daemonLock }: Context['home']): string {
  return `${daemonLock}.guard`;
}

function alreadyRunning({ owner, since }: LiveDaemon): AppError {
  return new AppError('daemon_running', `the queue daemon is running already (pid ${owner.pid}, since ${since})`, {
    hint: 'kugetsu queue-daemon status shows it; kugetsu queue-daemon restart replaces it',
    exit: EXIT.busy,
  });
}
