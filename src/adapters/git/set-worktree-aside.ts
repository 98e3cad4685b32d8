import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { rename } from '../store/changes.ts';
import { listEntries } from '../store/entries.ts';
import { makePrivateDirectory, removeDirectory } from '../store/private-files.ts';
import { exists, isDirectory } from '../store/paths.ts';
import { deleteBranch, moveBranch } from './branches.ts';
import type { Environment } from './git-command.ts';
import { atGitDirectory } from './git-place.ts';
import { takeAway } from './move-aside.ts';
import { ensureOwnDirectory, ownDirectory } from './own-directory.ts';
import { commitOf } from './temporary-index.ts';
import { removeTaken, removeWorktree } from './worktree.ts';
import { listWorktreeEntries } from './worktree-entries.ts';

interface Place {
  readonly repository: string;
  readonly path: string;
  readonly branch: string;
  readonly env: Environment;
}

/** A worktree that is out of its place, which is free for another one. */
interface SetAside {
  /** Puts it back with all that its repository had of it, its branch at the commit where it was. */
  putBack(): Promise<void>;
  /** Removes it for good. @throws AppError `not_removed` */
  remove(): Promise<void>;
}

/**
 * Takes a worktree out of its place until it is certain that another one can be made there. Call it, and what it returns,
 * under the repository's lock.
 */
export async function setWorktreeAside({ repository, path, branch, env }: Place): Promise<SetAside> {
  const kept = join(ownDirectory(repository), 'worktree.old');
  // Whoever was killed in between has left it: its work had been saved before.
  if (await exists(kept)) await removeDirectory(kept);
  const isTree = (await lstat(path).catch(() => undefined))?.isDirectory() === true;
  if (!isTree || !(await isDirectory(join(repository, 'objects')))) {
    await removeWorktree({ repository, path });
    return { putBack: async () => undefined, remove: async () => undefined };
  }
  await ensureOwnDirectory(repository);
  const at = atGitDirectory(repository, env);
  const tip = await commitOf(`refs/heads/${branch}`, at);
  await makePrivateDirectory(kept);
  const taken = await takeAway(path);
  for (const { path: own, id, directory } of await listWorktreeEntries(repository)) {
    if (own === path) await rename(directory, join(kept, id));
  }
  return {
    async putBack() {
      await removeWorktree({ repository, path });
      for (const entry of await listEntries(kept)) {
        await rename(entry.path, join(repository, 'worktrees', basename(entry.path)));
      }
      await makePrivateDirectory(dirname(path));
      await rename(taken, path);
      if (tip === undefined) await deleteBranch(repository, branch, env);
      else await moveBranch(repository, { branch, start: tip }, env);
    },
    async remove() {
      await removeDirectory(kept);
      await removeTaken(taken);
    },
  };
}
