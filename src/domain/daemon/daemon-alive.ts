import type { ProcessIdentity } from '../../adapters/process/process-identity.ts';
import { readTextAtOnce } from '../../adapters/store/private-files.ts';
import { textOf } from '../../util/loose-object.ts';
import type { Context } from '../context.ts';

/** Whether a daemon of this home is alive, here or elsewhere; what a damaged lock says is no. To queue a task, no schema is worth its loading. */
export async function isDaemonAlive({ home }: Pick<Context, 'home'>): Promise<boolean> {
  try {
    const text = readTextAtOnce(home.daemonLock);
    const owner = text === undefined ? undefined : ownerIn(JSON.parse(text));
    if (owner === undefined) return false;
    const { standingOf } = await import('../../adapters/process/standing.ts');
    return ['alive', 'elsewhere'].includes(standingOf(owner, home.heartbeats));
  } catch {
    return false;
  }
}

function ownerIn(lock: unknown): ProcessIdentity | undefined {
  const owner = fieldOf(lock, 'owner');
  const pid = fieldOf(owner, 'pid');
  const start = fieldOf(owner, 'process_start');
  const boot = fieldOf(owner, 'boot_id');
  const [machine, pid_namespace, since] = ['machine', 'pid_namespace', 'since'].map((key) =>
    textOf(fieldOf(owner, key)),
  );
  if (typeof pid !== 'number' || typeof start !== 'string' || typeof boot !== 'string') return undefined;
  return { pid, process_start: start, boot_id: boot, machine, pid_namespace, since };
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
