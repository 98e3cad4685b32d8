import * as z from 'zod/mini';
import { isAlive } from '../../adapters/process/process-identity.ts';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import type { Context } from '../context.ts';
import { OwnerSchema } from '../runs/owner-schema.ts';
import type { Run } from '../runs/run-schema.ts';

/** `queue/daemon.lock`: who is the daemon. It holds as long as exactly that process is alive, so it needs no upkeep. */
export const DaemonLockSchema = z.looseObject({ owner: OwnerSchema, since: z.string() });

/** A daemon that is alive. */
export interface LiveDaemon {
  readonly owner: Run['owner'];
  readonly since: string;
}

/** The daemon of this home; undefined when none is alive, whatever files say. */
export async function findDaemon({ home }: Pick<Context, 'home'>): Promise<LiveDaemon | undefined> {
  const lock = await readJsonFile(home.daemonLock, DaemonLockSchema);
  return lock !== undefined && isAlive(lock.owner) ? lock : undefined;
}
