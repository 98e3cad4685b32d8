import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { errnoOf } from '../../util/errors.ts';

/** A process that cannot be confused with another one: a pid alone is reused, after a reboot at once. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Start time as the system counts it: clock ticks since boot on Linux, a date text elsewhere. */
  readonly process_start: string;
  readonly boot_id: string;
};

let cachedBootId: string | undefined;

/** An id of the current boot of this machine. */
export function bootId(): string {
  cachedBootId ??= readBootId();
  return cachedBootId;
}

/** The identity of the process with this pid, or undefined when there is none (a zombie is none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const start = startTimeOf(pid);
  return start === undefined ? undefined : { pid, process_start: start, boot_id: bootId() };
}

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  const own = identityOf(process.pid);
  if (own === undefined) throw new Error('this process is not in the process table');
  return own;
}

/** Whether exactly this process is alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.boot_id === bootId() && startTimeOf(identity.pid) === identity.process_start;
}

/** The fields of `/proc/<pid>/stat` after the command name, which may hold spaces and parentheses. */
export function procStatFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function startTimeOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return psField(pid, 'lstart=');
  try {
    const fields = procStatFields(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    // proc(5): field 3 is the state, field 22 the start time; the slice begins at field 3.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

function readBootId(): string {
  if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' }).trim();
}

function psField(pid: number, field: string): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', field, '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
