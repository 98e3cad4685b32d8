import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A directory, and the number of the user to whom it belongs. */
interface Owned {
  readonly directory: string;
  readonly uid: number;
}

/** Whose `path` is, or would be if it were made: the owner of the nearest directory that exists. Blocking: every command of root asks. */
export function ownerOf(path: string): Owned {
  try {
    return { directory: path, uid: statSync(path).uid };
  } catch (error) {
    const parent = dirname(path);
    if (parent === path) throw error;
    return ownerOf(parent);
  }
}
