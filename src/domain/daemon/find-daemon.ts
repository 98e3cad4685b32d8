import { basename } from 'node:path';
import * as z from 'zod/mini';
import { commandLineOf, identityOf, type ProcessIdentity } from '../../adapters/process/process-identity.ts';
import { standingOf } from '../../adapters/process/standing.ts';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { readTextIfExists } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../context.ts';
import { OwnerSchema, type Run } from '../runs/run-schema.ts';

/** The arguments with which kugetsu becomes the daemon, or starts one: `background` logs to the daemon's file only. */
export const DAEMON_CALL = {
  foreground: ['queue-daemon', 'run'],
  background: ['queue-daemon', 'run', '--background'],
  start: ['queue-daemon', 'start'],
} as const;

/** `queue/daemon.lock`: who is the daemon. It holds as long as exactly that process is alive, and needs no upkeep itself. */
const DaemonLockSchema = z.looseObject({ owner: OwnerSchema, since: z.string() });

/** What the lock says of a daemon. */
interface LockedDaemon {
  readonly owner: Run['owner'];
  readonly since: string;
}

/** A daemon that is alive. */
export interface LiveDaemon extends LockedDaemon {
  /** Whether it can be seen from here, and so be signalled. */
  readonly here: boolean;
}

/**
 * What the lock says; undefined without one, and for the bash script's, which is empty or a pid, and holds only as long as a
 * process has it open: it is nobody's.
 *
 * @throws AppError `corrupt_file`
 */
export async function readDaemonLock({ home }: Pick<Context, 'home'>): Promise<LockedDaemon | undefined> {
  const text = await readTextIfExists(home.daemonLock);
  if (text === undefined || /^\s*\d*\s*$/.test(text)) return undefined;
  return readJsonFile(home.daemonLock, { schema: DaemonLockSchema, what: "the daemon's lock" });
}

/** The daemon of this home, here or elsewhere; undefined when none is alive, whatever files say. */
export async function findDaemon({ home }: Pick<Context, 'home'>): Promise<LiveDaemon | undefined> {
  const lock = await readDaemonLock({ home });
  if (lock === undefined) return undefined;
  const standing = standingOf(lock.owner, home.heartbeats);
  return standing === 'alive' || standing === 'elsewhere' ? { ...lock, here: standing === 'alive' } : undefined;
}

/** @throws AppError `daemon_running` (exit code 4) while there is one, here or elsewhere: it would go on with the queue that it knows */
export async function requireNoDaemon(context: Pick<Context, 'home'>): Promise<void> {
  if ((await findDaemon(context)) === undefined) return;
  throw new AppError('daemon_running', 'the queue daemon is running', {
    hint: 'run: kugetsu queue-daemon stop',
    exit: EXIT.busy,
  });
}

const SHELL = /^(?:ba|da|z)?sh$/;

/**
 * The queue daemon of the bash script, when one is alive: the process in the pid file, if that is a shell that runs kugetsu.
 * It would hand out the same tasks.
 */
export async function findScriptDaemon({ home }: Pick<Context, 'home'>): Promise<ProcessIdentity | undefined> {
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
export async function requireNoScriptDaemon(context: Pick<Context, 'home'>): Promise<void> {
  const daemon = await findScriptDaemon(context);
  if (daemon === undefined) return;
  throw new AppError('daemon_running', scriptDaemonRuns(daemon), {
    hint: 'run: kugetsu queue-daemon stop',
    exit: EXIT.busy,
  });
}
