import { headIn } from './head-file.ts';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFiles, rename } from '../store/changes.ts';
import { entryAt, listEntries } from '../store/entries.ts';
import { makePrivateDirectory, removeDirectory, replaceFile } from '../store/private-files.ts';
import { ensureOwnDirectory, ownDirectory } from './own-directory.ts';
import { plainText } from './plain-file.ts';
import { PENDING, SET_UP_FILE } from './set-up-state.ts';

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

/**
 * Makes `path`, where nothing is, a worktree without files of the repository, as `git worktree add` would: but no setting, lock
 * or hook that an agent has left decides how, and it does not matter where else a branch is checked out. `head` is a full ref, or
 * a commit for no branch. One that `isPending` is known as not set up from its first moment. Call it under the repository's lock.
 */
export async function addWorktreeEntry(
  repository: string,
  path: string,
  { head, isPending }: { readonly head: string; readonly isPending: boolean },
): Promise<void> {
  await ensureOwnDirectory(repository);
  const worktrees = join(repository, 'worktrees');
  await makePrivateDirectory(worktrees);
  const directory = join(await realpath(worktrees), await freeId(worktrees, basename(path)));
  // It is there as a whole, or not at all.
  const building = join(ownDirectory(repository), 'worktree.new');
  if ((await entryAt(building)) !== undefined) await removeDirectory(building);
  const files = {
    HEAD: `${head.startsWith('refs/') ? 'ref: ' : ''}${head}\n`,
    commondir: '../..\n',
    gitdir: `${join(path, '.git')}\n`,
    ...(isPending ? { [SET_UP_FILE]: PENDING } : {}),
  };
  await makeFiles(building, files);
  await rename(building, directory);
  await makePrivateDirectory(dirname(path));
  await makeFiles(path, { '.git': `gitdir: ${directory}\n` });
}

async function freeId(worktrees: string, name: string): Promise<string> {
  const taken = new Set((await listEntries(worktrees)).map((entry) => entry.name));
  let id = name;
  for (let count = 1; taken.has(id); count += 1) id = `${name}${count}`;
  return id;
}

/** The entries of worktrees in which this branch is checked out. */
export async function entriesOn(repository: string, branch: string): Promise<WorktreeEntry[]> {
  const entries = await listWorktreeEntries(repository);
  const heads = await Promise.all(entries.map(async ({ directory }) => headIn(directory)));
  return entries.filter((_, index) => heads[index]?.trim() === `ref: refs/heads/${branch}`);
}

/** Makes a worktree stay at a commit, whatever becomes of the branch that it is on. */
export async function detachEntry({ directory }: Pick<WorktreeEntry, 'directory'>, commit: string): Promise<void> {
  await replaceFile(join(directory, 'HEAD'), `${commit}\n`);
}

/** Makes a repository forget one worktree. Call it under the repository's lock. */
export async function removeWorktreeEntry({ directory }: Pick<WorktreeEntry, 'directory'>): Promise<void> {
  await removeDirectory(directory);
}

/** What nobody may look at, in a directory that its owner has closed for example, may be there. */
const UNSEEN = 'unseen' as const;

async function readEntry(id: string, directory: string): Promise<WorktreeEntry | undefined> {
  const text = await plainText(join(directory, 'gitdir'));
  if (text === undefined || text.trim() === '') return undefined;
  const gitFile = resolve(directory, text.replace(/\n$/, ''));
  const path = dirname(gitFile);
  const [locked, place, link] = await Promise.all([
    entryAt(join(directory, 'locked')),
    entryAt(path).catch(() => UNSEEN),
    // Something else in the worktree's place, a link to another checkout for example, is no worktree of this one.
    entryAt(gitFile).catch(() => UNSEEN),
  ]);
  const gone = place !== UNSEEN && link !== UNSEEN && (place?.type !== 'directory' || link === undefined);
  return { id, directory, path, stale: gone && locked === undefined };
}
