import { isAlive, type ProcessIdentity } from '../../adapters/process/process-identity.ts';
import { readTextAtOnce } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';

/** Whether a daemon of this home is alive; what a damaged lock says is no. To queue a task, no schema is worth its loading. */
export function isDaemonAlive({ home }: Pick<Context, 'home'>): boolean {
  try {
    const text = readTextAtOnce(home.daemonLock);
    const owner = text === undefined ? undefined : ownerIn(JSON.parse(text));
    return owner !== undefined && isAlive(owner);
  } catch {
    return false;
  }
}

function ownerIn(lock: unknown): ProcessIdentity | undefined {
  const owner = fieldOf(lock, 'owner');
  const pid = fieldOf(owner, 'pid');
  const start = fieldOf(owner, 'process_start');
  const boot = fieldOf(owner, 'boot_id');
  if (typeof pid !== 'number' || typeof start !== 'string' || typeof boot !== 'string') return undefined;
  return { pid, process_start: start, boot_id: boot };
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
