import { readdirSync } from 'node:fs';
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
