import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { chmod } from '../store/changes.ts';

const DIRECTORY = 0o700;
const FILE = 0o600;

/**
 * Gives the owner of a worktree the right to look into it, and to read what names its repository: without, nothing of it could
 * be saved. What is in it keeps its modes.
 */
export async function openWorktree(worktree: string): Promise<void> {
  await open(worktree);
  await open(join(worktree, '.git'));
}

/** Gives the owner of a file or a directory the right to use it; a link, and what is not there, stays as it is. */
async function open(path: string): Promise<void> {
  const closed = await closedMode(path);
  if (closed !== undefined) await chmod(path, closed).catch(() => undefined);
}

/** The mode with which its owner could use a file or a directory; undefined when that is so already. */
export async function closedMode(path: string): Promise<number | undefined> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined || !(stat.isDirectory() || stat.isFile())) return undefined;
  const needed = stat.isDirectory() ? DIRECTORY : FILE;
  return (stat.mode & needed) === needed ? undefined : (stat.mode & 0o7777) | needed;
}
