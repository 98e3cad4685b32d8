import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from '../../util/errors.ts';

/** Where a process runs. What kugetsu 0.1.0 wrote has the boot alone. */
export type ProcessPlace = {
  readonly boot_id: string;
  /** The name that the machine or the container has for itself. */
  readonly machine?: string | undefined;
  /** The namespace that its pid is of (`pid:[4026531836]`): containers of one machine have one each. Linux only. */
  readonly pid_namespace?: string | undefined;
};

/** A process that cannot be confused with another one: a pid alone is reused, after a reboot at once. */
export type ProcessIdentity = ProcessPlace & {
  readonly pid: number;
  /** Start time as the system counts it: clock ticks since boot on Linux, a date text elsewhere. */
  readonly process_start: string;
  /** When this was written down, in ISO 8601; not on disk before 0.2.0. */
  readonly since?: string | undefined;
};

let cachedPlace: ProcessPlace | undefined;

/** Where this process runs. */
export function ownPlace(): ProcessPlace {
  cachedPlace ??= { boot_id: readBootId(), machine: hostname(), pid_namespace: readPidNamespace() };
  return cachedPlace;
}

/** An id of the current boot of this machine. */
export function bootId(): string {
  return ownPlace().boot_id;
}

/**
 * Whether a process of that place would be in the process table of this one. The number of a namespace is used again when
 * all its processes are gone, so a process of an earlier one is not found by its start time.
 */
export function isHere({ boot_id: boot, pid_namespace: namespace }: ProcessPlace): boolean {
  const own = ownPlace();
  return boot === own.boot_id && (namespace === undefined || namespace === own.pid_namespace);
}

/** The identity of the process with this pid, or undefined when there is none (a zombie is none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const start = startTimeOf(pid);
  return start === undefined
    ? undefined
    : { pid, process_start: start, ...ownPlace(), since: new Date().toISOString() };
}

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  const own = identityOf(process.pid);
  if (own === undefined) throw new Error('this process is not in the process table');
  return own;
}

/** Whether exactly this process is alive, as far as that can be seen from here. */
export function isAlive(identity: ProcessIdentity): boolean {
  return isHere(identity) && startTimeOf(identity.pid) === identity.process_start;
}

/** Whether this very process is meant. */
export function isOwn({ pid, process_start: start, ...place }: ProcessIdentity): boolean {
  return pid === process.pid && isHere(place) && start === ownIdentity().process_start;
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

function readPidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
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

/** The words with which a process was started; none when it is gone or not to be seen. */
export function commandLineOf(pid: number): string[] {
  try {
    const text =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).replaceAll(
            ' ',
            '\0',
          );
    return text
      .split('\0')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  } catch {
    return [];
  }
}
