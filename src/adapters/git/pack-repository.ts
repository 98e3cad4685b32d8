import { join } from 'node:path';
import { listDirectory } from '../store/directory.ts';
import { countFiles } from '../store/disk.ts';
import { git, TRANSFER_TIMEOUT_MS, type Environment } from './git-command.ts';
import { inRepository } from './isolation.ts';
import type { GitPlace } from './git-place.ts';
import { removeFile } from '../store/private-files.ts';
import { modifiedAt } from '../store/paths.ts';

// Every call of git reads a file for each ref that is not packed.
const LOOSE_REFS = 500;
// Names are even: one of the 256 directories of loose objects stands for the others, as git-gc(1) has it.
const LOOSE_OBJECTS = 2000;
const PACKS = 20;
const MAINTENANCE = ['maintenance', 'run', '--quiet'];
// git leaves a repository alone while the lock of another maintenance is there, also when that one was killed.
const DEAD_LOCK_MS = 12 * 60 * 60_000;

/**
 * Puts the refs into one file when many have a file each. git guards it against whoever changes refs at the same time.
 */
export async function packLooseRefs(repository: string, place: GitPlace): Promise<void> {
  if (!(await hasLooseRefs(repository))) return;
  await git(['pack-refs', '--all', '--prune'], place);
}

/**
 * Packs a repository in which much has gathered, by git's own maintenance; does nothing in any other. Nothing is
 * removed that is not in a pack then: what no ref names, such as the index of a worktree, stays.
 *
 * `now` is in milliseconds since the epoch. @returns whether there was something to do
 * @throws AppError `git_failed`
 */
export async function packRepository(
  repository: string,
  { env, now }: { readonly env: Environment; readonly now: number },
): Promise<boolean> {
  if (!(await hasLooseRefs(repository)) && !(await hasLooseObjects(repository))) return false;
  const lock = join(repository, 'objects', 'maintenance.lock');
  if (now - ((await modifiedAt(lock)) ?? now) > DEAD_LOCK_MS) await removeFile(lock);
  await inRepository({ repository, env, config: [] }, async (place) => {
    const long = { ...place, timeoutMs: TRANSFER_TIMEOUT_MS };
    await git([...MAINTENANCE, '--task=pack-refs', '--task=loose-objects'], long);
    // By itself it removes what is in a pack the next time.
    await git(['prune-packed', '--quiet'], long);
    // It fails where there is no pack, as without a loose object.
    if ((await packsIn(repository)) > 0) await git([...MAINTENANCE, '--task=incremental-repack'], long);
    await git([...MAINTENANCE, '--task=commit-graph'], long);
  });
  return true;
}

async function hasLooseRefs(repository: string): Promise<boolean> {
  return (await countFiles(join(repository, 'refs'), LOOSE_REFS)) >= LOOSE_REFS;
}

async function hasLooseObjects(repository: string): Promise<boolean> {
  const objects = join(repository, 'objects');
  const sample = await countFiles(join(objects, '17'), LOOSE_OBJECTS);
  return sample * 256 >= LOOSE_OBJECTS || (await packsIn(repository)) > PACKS;
}

async function packsIn(repository: string): Promise<number> {
  const names = await listDirectory(join(repository, 'objects', 'pack'));
  return names.filter((name) => name.endsWith('.pack')).length;
}
