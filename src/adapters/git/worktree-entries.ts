import { dirname, join, resolve } from 'node:path';
import { entryAt, listEntries } from '../store/entries.ts';
import { readTextIfExists, removeDirectory } from '../store/private-files.ts';

/** What a repository keeps of one of its worktrees: gitrepository-layout(5), `worktrees/<id>`. */
export interface WorktreeEntry {
  readonly id: string;
  /** The directory that holds what the repository keeps. */
  readonly directory: string;
  /** Where the worktree is, or was. */
  readonly path: string;
  /** Whether the worktree is gone, so that `git worktree prune` would drop the entry. */
  readonly stale: boolean;
}

/** The worktrees that a bare repository knows; locked ones, which git keeps whatever happens, are never stale. */
export async function listWorktreeEntries(repository: string): Promise<WorktreeEntry[]> {
  const kept = (await listEntries(join(repository, 'worktrees'))).filter(({ type }) => type === 'directory');
  const entries = await Promise.all(kept.map(async ({ name, path }) => readEntry(name, path)));
  return entries.filter((entry) => entry !== undefined);
}

/** Whether the repository still has this entry, for the same place and as stale or not as it was. */
export async function isSameEntry(entry: WorktreeEntry): Promise<boolean> {
  const now = await readEntry(entry.id, entry.directory);
  return now?.path === entry.path && now.stale === entry.stale;
}

/** Makes a repository forget one worktree. Call it under the repository's lock. */
export async function removeWorktreeEntry({ directory }: Pick<WorktreeEntry, 'directory'>): Promise<void> {
  await removeDirectory(directory);
}

async function readEntry(id: string, directory: string): Promise<WorktreeEntry | undefined> {
  const text = await readTextIfExists(join(directory, 'gitdir'));
  if (text === undefined || text.trim() === '') return undefined;
  const gitFile = resolve(directory, text.replace(/\n$/, ''));
  const path = dirname(gitFile);
  const [locked, place, link] = await Promise.all([
    entryAt(join(directory, 'locked')),
    entryAt(path),
    // Something else in the worktree's place, a link to another checkout for example, is no worktree of this one.
    entryAt(gitFile),
  ]);
  const gone = place?.type !== 'directory' || link === undefined;
  return { id, directory, path, stale: gone && locked === undefined };
}
