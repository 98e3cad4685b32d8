import { join } from 'node:path';
import { isClone, linkedRepository } from '../../adapters/git/plain-facts.ts';
import { realPath } from '../../adapters/store/paths.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import type { Home } from '../home.ts';

/** A bare repository of the home by its real path, under the name that its lock goes by; undefined when it is none. */
export async function homeRepository(home: Home, real: string): Promise<string | undefined> {
  for (const name of (await listDirectory(home.repos)).filter((entry) => entry.endsWith('.git'))) {
    const path = join(home.repos, name);
    if ((await realPath(path).catch(() => undefined)) === real) return path;
  }
  return undefined;
}

/** The repository of the home that a worktree is linked to; undefined when there is none. */
export async function linkedHomeRepository(home: Home, worktree: string): Promise<string | undefined> {
  const linked = await linkedRepository(worktree);
  return linked === undefined ? undefined : homeRepository(home, linked);
}

/**
 * Whether a worktree has its repository elsewhere than in the home: inside itself, as the bash script's clones have, or in a
 * checkout of the user's. Nothing of it can be saved as a ref, so that it goes as a whole.
 */
export async function isForeign(home: Home, worktree: string): Promise<boolean> {
  if (await isClone(worktree)) return true;
  const linked = await linkedRepository(worktree);
  return linked !== undefined && (await homeRepository(home, linked)) === undefined;
}
