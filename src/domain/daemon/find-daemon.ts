import * as z from 'zod/mini';
import { isAlive } from '../../adapters/process/process-identity.ts';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { readTextIfExists } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import { OwnerSchema } from '../runs/owner-schema.ts';
import type { Run } from '../runs/run-schema.ts';

/** `queue/daemon.lock`: who is the daemon. It holds as long as exactly that process is alive, so it needs no upkeep. */
const DaemonLockSchema = z.looseObject({ owner: OwnerSchema, since: z.string() });

/** A daemon that is alive. */
export interface LiveDaemon {
  readonly owner: Run['owner'];
  readonly since: string;
}

/**
 * What the lock says; undefined without one, and for the bash script's, which is empty or a pid, and holds only as long as a
 * process has it open: it is nobody's.
 *
 * @throws AppError `corrupt_file`
 */
export async function readDaemonLock({ home }: Pick<Context, 'home'>): Promise<LiveDaemon | undefined> {
  const text = await readTextIfExists(home.daemonLock);
  if (text === undefined || /^\s*\d*\s*$/.test(text)) return undefined;
  return readJsonFile(home.daemonLock, { schema: DaemonLockSchema, what: "the daemon's lock" });
}

/** The daemon of this home; undefined when none is alive, whatever files say. */
export async function findDaemon({ home }: Pick<Context, 'home'>): Promise<LiveDaemon | undefined> {
  const lock = await readDaemonLock({ home });
  return lock !== undefined && isAlive(lock.owner) ? lock : undefined;
}
