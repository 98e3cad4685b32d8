import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

// gitattributes(5), gitignore(5), gitmodules(5), gitmailmap(5), git-lfs-config(5): git opens what has such a name.
const READ_BY_GIT = new Set(['.gitattributes', '.gitignore', '.gitmodules', '.mailmap', '.lfsconfig']);
const AT_ONCE = 16;

/** What git would wait for in a worktree, by their paths in it: a pipe, or a device, with the name of a file that git reads. */
export async function blockingFiles(worktree: string): Promise<string[]> {
  const found: string[] = [];
  let directories = [''];
  while (directories.length > 0) {
    const next = directories.splice(0, AT_ONCE);
    const below = await Promise.all(next.map(async (directory) => lookIn(worktree, directory, found)));
    directories = [...below.flat(), ...directories];
  }
  return found.toSorted();
}

/** @returns the directories in it; one that cannot be read has none */
async function lookIn(worktree: string, directory: string, found: string[]): Promise<string[]> {
  const entries = await readdir(join(worktree, directory), { withFileTypes: true }).catch(() => []);
  const below: string[] = [];
  for (const entry of entries) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== '.git') below.push(path);
    } else if (READ_BY_GIT.has(entry.name) && !entry.isFile() && !entry.isSymbolicLink()) found.push(path);
  }
  return below;
}
