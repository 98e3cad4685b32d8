import { readFileSync } from 'node:fs';
import { lastSignOf } from './heartbeat.ts';
import { isAlive, isHere, ownPlace, type ProcessIdentity } from './process-identity.ts';

/**
 * What can be known of a process that answers for something: `alive` or `gone` when it can be seen from here. One of
 * another container or machine cannot: it is `elsewhere` while its heartbeat is fresh, and `silent` when it is not.
 */
export type Standing = 'alive' | 'gone' | 'elsewhere' | 'silent';

/** How a process stands; `heartbeats` is the directory of the heartbeats. Before they were, a process of another boot was gone. */
export function standingOf(owner: ProcessIdentity, heartbeats: string): Standing {
  if (isHere(owner)) return isAlive(owner) ? 'alive' : 'gone';
  if (owner.machine === undefined) return 'gone';
  const { at, fresh, beat } = lastSignOf(heartbeats, owner);
  const rebooted = owner.boot_id !== ownPlace().boot_id && owner.machine === ownPlace().machine;
  // This machine has been up since then, so whoever renewed that one is on another machine of the same name.
  if (rebooted && !(beat && at !== undefined && at > bootTime())) return 'gone';
  return fresh ? 'elsewhere' : 'silent';
}

/** Whether this is certain because the process would be visible from here. */
export function isSeen(standing: Standing): boolean {
  return standing === 'alive' || standing === 'gone';
}

/** Where a process is that cannot be seen from here, in words: `on box-2, pid 7 there`. */
export function whereabouts({ machine, pid_namespace: namespace, pid }: ProcessIdentity): string {
  const own = ownPlace();
  const place =
    machine !== undefined && machine !== own.machine
      ? `on ${machine}`
      : `in another container (${namespace ?? 'of this name'})`;
  return `${place}, pid ${pid} there`;
}

/** When this machine was booted, in milliseconds since the epoch (proc(5), btime); never, when the system does not say. */
export function bootTime(): number {
  try {
    const seconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
    return seconds === undefined ? Infinity : Number(seconds) * 1000;
  } catch {
    return Infinity;
  }
}
