import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const BLOCK_BYTES = 512;
/** How long nothing else gets its turn, in milliseconds. */
const TURN_MS = 20;

/** What is left on the filesystem that a path is on. */
export interface DiskSpace {
  /** Tells two filesystems apart. */
  readonly device: number;
  readonly freeBytes: number;
  /** Undefined on filesystems that do not count files beforehand. */
  readonly freeFiles: number | undefined;
}

/** What this user may still write on the filesystem of `path`. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  const [{ dev }, { bavail, bsize, files, ffree }] = await Promise.all([stat(path), statfs(path)]);
  return { device: dev, freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree };
}

/**
 * What a file, or a directory with everything in it, takes on disk, in bytes. Links count as links, and a file with
 * several names counts once. What is missing, or may not be seen, counts nothing. When `signal` aborts, what was counted
 * so far is the answer.
 */
export async function diskUsage(path: string, signal?: AbortSignal): Promise<number> {
  const seen = new Set<string>();
  const pending = [path];
  let bytes = 0;
  let turn = performance.now();
  // Synchronous: tens of thousands of files take a fraction of the time that as many promises do.
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (performance.now() - turn > TURN_MS) {
      await setImmediate();
      turn = performance.now();
    }
    if (signal?.aborted === true) return bytes;
    const directory = next;
    const facts = quietly(() => lstatSync(directory));
    if (facts === undefined || isKnown(facts, seen)) continue;
    // stat(2): st_blocks counts 512-byte units, whatever the size of the filesystem's blocks.
    bytes += facts.blocks * BLOCK_BYTES;
    if (!facts.isDirectory()) continue;
    for (const name of quietly(() => readdirSync(directory)) ?? []) pending.push(join(directory, name));
  }
  return bytes;
}

function isKnown(facts: Stats, seen: Set<string>): boolean {
  if (facts.isDirectory() || facts.nlink < 2) return false;
  const key = `${facts.dev} ${facts.ino}`;
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** How many files lie below a directory; counting ends at `atMost`. What cannot be read counts as nothing. */
export async function countFiles(path: string, atMost: number): Promise<number> {
  let count = 0;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (count >= atMost) return count;
    count += entry.isDirectory() ? await countFiles(join(path, entry.name), atMost - count) : 1;
  }
  return count;
}
