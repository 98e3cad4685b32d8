import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../util/errors.ts';

/** The names in a directory; none when it is missing. */
export async function listDirectory(path: string): Promise<string[]> {
  try {
    return readdirSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The same, blocking until it is read; none, too, when it cannot be read. */
export function listDirectoryAtOnce(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** How many files lie below a directory; counting ends at `atMost`. What cannot be read counts as nothing. */
export async function countFiles(path: string, atMost: number): Promise<number> {
  let count = 0;
  const { readdir } = await import('node:fs/promises');
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (count >= atMost) return count;
    count += entry.isDirectory() ? await countFiles(join(path, entry.name), atMost - count) : 1;
  }
  return count;
}
