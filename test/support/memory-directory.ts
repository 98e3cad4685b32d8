import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';

const DIRECTORY = '/dev/shm';
const TMPFS_MAGIC = 0x01_02_19_94;
const GIGABYTE = 1024 ** 3;

/**
 * A directory in memory for what tests write: kugetsu syncs each file that it replaces, and on a disk a test waits for that
 * half of its time. @returns undefined where there is none that has room (4 GB) and can hold programs
 */
export function memoryDirectory(): string | undefined {
  try {
    accessSync(DIRECTORY, constants.W_OK);
    const { type, bavail, bsize } = statfsSync(DIRECTORY);
    if (type !== TMPFS_MAGIC || bavail * bsize < 4 * GIGABYTE || availableMemory() < 8 * GIGABYTE) return undefined;
    return optionsOf(DIRECTORY).includes('noexec') ? undefined : DIRECTORY;
  } catch {
    return undefined;
  }
}

function availableMemory(): number {
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
}

function optionsOf(mountPoint: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const fields = mounts.map((line) => line.split(' ')).findLast(([, place]) => place === mountPoint);
  return fields?.[3]?.split(',') ?? ['noexec'];
}
