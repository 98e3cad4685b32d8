import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

const BLOCK_BYTES = 512;

/**
 * What a file, or a directory with everything in it, takes on disk, in bytes. Links count as links, and a file with
 * several names counts once. What is missing, or may not be seen, counts nothing.
 */
export function diskUsage(path: string): number {
  const seen = new Set<string>();
  const pending = [path];
  let bytes = 0;
  // Synchronous: tens of thousands of files take a fraction of the time that as many promises do.
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const directory = next;
    const stat = quietly(() => lstatSync(directory));
    if (stat === undefined || isKnown(stat, seen)) continue;
    // stat(2): st_blocks counts 512-byte units, whatever the size of the filesystem's blocks.
    bytes += stat.blocks * BLOCK_BYTES;
    if (!stat.isDirectory()) continue;
    for (const name of quietly(() => readdirSync(directory)) ?? []) pending.push(join(directory, name));
  }
  return bytes;
}

function isKnown(stat: Stats, seen: Set<string>): boolean {
  if (stat.isDirectory() || stat.nlink < 2) return false;
  const key = `${stat.dev} ${stat.ino}`;
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
