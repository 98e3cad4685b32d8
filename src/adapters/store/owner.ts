import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A directory, and the number of the user to whom it belongs. */
interface Owned {
  readonly directory: string;
  readonly uid: number;
}

/** Whose `path` is, or would be if it were made: the owner of the nearest directory that is there. */
export async function ownerOf(path: string): Promise<Owned> {
  try {
    return { directory: path, uid: (await stat(path)).uid };
  } catch (error) {
    const parent = dirname(path);
    if (parent === path) throw error;
    return ownerOf(parent);
  }
}
