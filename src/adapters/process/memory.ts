import { closeSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openOutput } from '../store/changes.ts';
import { writeFully } from '../write-fully.ts';

// What the kernel's documents say: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.

/** A level of the control groups that this process is in, innermost first. */
interface Level {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** From here up a limit of version 1 means that there is none. */
const NO_LIMIT = 2 ** 60;
/** How much sooner the kernel ends an agent than its runner; 1000 is the most there is. */
const SOONER = 500;
const MOST = 1000;

/**
 * How much memory programs may still take, in bytes: what the machine has left, or less where a control group has less left.
 * What the kernel can drop of the files that it keeps counts as free. Undefined where nobody says.
 *
 * @param root where `proc` and `sys` are
 */
export function freeMemory(root = '/'): number | undefined {
  const machine = /^MemAvailable:\s+(\d+) kB$/m.exec(textOf(join(root, 'proc/meminfo')))?.[1];
  const rooms = levels(root).map(roomIn);
  const known = [machine === undefined ? undefined : Number(machine) * 1024, ...rooms].filter(
    (bytes) => bytes !== undefined,
  );
  return known.length === 0 ? undefined : Math.max(0, Math.min(...known));
}

/**
 * How many processes the kernel has ended so far because memory ran out: of the control group of this process, or of the
 * machine when no group counts them. Undefined where nobody counts.
 */
export function memoryKills(root = '/'): number | undefined {
  const [own] = levels(root);
  const counted =
    own === undefined ? '' : textOf(join(own.directory, own.version === 2 ? 'memory.events' : 'memory.oom_control'));
  const count = valueIn(counted, 'oom_kill');
  return count ?? valueIn(textOf(join(root, 'proc/vmstat')), 'oom_kill');
}

/** Lets the kernel end this process, and what it starts from now on, before its runner when memory runs out. */
export function endSoonerThanOwn(pid: number): void {
  try {
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    const file = openOutput(`/proc/${pid}/oom_score_adj`, 'w');
    try {
      writeFully(file, String(Math.min(MOST, own + SOONER)));
    } finally {
      closeSync(file);
    }
  } catch {
    // There is no such thing here, or the process has ended.
  }
}

function levels(root: string): Level[] {
  const lines = textOf(join(root, 'proc/self/cgroup')).split('\n');
  const first = lines.map((line) => /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/.exec(line)?.[1]).find(isText);
  if (first !== undefined) return upwards(1, join(root, 'sys/fs/cgroup/memory'), first);
  const second = lines.map((line) => /^0::(.*)$/.exec(line)?.[1]).find(isText);
  return second === undefined ? [] : upwards(2, join(root, 'sys/fs/cgroup'), second);
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** In a container the path may be that of the host; then the top is the container's own group. */
function upwards(version: Level['version'], top: string, path: string): Level[] {
  const found: Level[] = [];
  for (let directory = join(top, path); directory.startsWith(top); directory = dirname(directory)) {
    found.push({ version, directory });
  }
  const sign = version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
  return found.filter(({ directory }) => textOf(join(directory, sign)) !== '');
}

function roomIn({ version, directory }: Level): number | undefined {
  const [limitName, usageName, idleName] =
    version === 2
      ? ['memory.max', 'memory.current', 'inactive_file']
      : ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file'];
  const limit = Number(textOf(join(directory, limitName)).trim() || Number.NaN);
  const usage = Number(textOf(join(directory, usageName)).trim() || Number.NaN);
  if (Number.isNaN(limit) || Number.isNaN(usage) || limit >= NO_LIMIT) return undefined;
  const idle = valueIn(textOf(join(directory, 'memory.stat')), idleName) ?? 0;
  return limit - Math.max(0, usage - idle);
}

function valueIn(text: string, name: string): number | undefined {
  const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
