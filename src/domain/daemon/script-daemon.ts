import { basename } from 'node:path';
import { commandLineOf, identityOf, type ProcessIdentity } from '../../adapters/process/process-identity.ts';
import { readTextIfExists } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { readDaemonLock } from './find-daemon.ts';

type HomeOnly = Pick<Context, 'home'>;

const SHELL = /^(?:ba|da|z)?sh$/;

/**
 * The queue daemon of the bash script, when one is alive: the process in the pid file, if that is a shell that runs kugetsu.
 * It would hand out the same tasks.
 */
export async function findScriptDaemon({ home }: HomeOnly): Promise<ProcessIdentity | undefined> {
  const pid = Number((await readTextIfExists(home.daemonPid))?.trim() ?? '');
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  if ((await readDaemonLock({ home }).catch(() => undefined)) !== undefined) return undefined;
  const [shell = '', ...words] = commandLineOf(pid);
  const own = SHELL.test(basename(shell)) && words.some((word) => basename(word) === 'kugetsu');
  return own ? identityOf(pid) : undefined;
}

/** What is said of it. */
export function scriptDaemonRuns({ pid }: Pick<ProcessIdentity, 'pid'>): string {
  return `the bash script's queue daemon is running (pid ${pid}) and hands out the same tasks`;
}

/** @throws AppError `daemon_running` (exit code 4) while the bash script's daemon is alive */
export async function requireNoScriptDaemon(context: HomeOnly): Promise<void> {
  const daemon = await findScriptDaemon(context);
  if (daemon === undefined) return;
  throw new AppError('daemon_running', scriptDaemonRuns(daemon), {
    hint: 'run: kugetsu queue-daemon stop',
    exit: EXIT.busy,
  });
}
