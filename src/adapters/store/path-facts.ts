import { lstat, stat } from 'node:fs/promises';
import { errnoOf } from '../../util/errors.ts';
import { chmod, rename } from './changes.ts';

/** What the filesystem says of a path itself; a link is not followed. */
export interface PathFacts {
  readonly type: 'file' | 'directory' | 'link' | 'other';
  /** The permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** The facts about a path; undefined when nothing is there. */
export async function pathFacts(path: string): Promise<PathFacts | undefined> {
  try {
    const facts = await lstat(path);
    const type = facts.isSymbolicLink()
      ? 'link'
      : facts.isDirectory()
        ? 'directory'
        : facts.isFile()
          ? 'file'
          : 'other';
    return { type, mode: facts.mode & 0o7777, uid: facts.uid, bytes: facts.size, modifiedAt: facts.mtimeMs };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** When a file's content or mode was changed last, links followed; whoever installs a file cannot set this time. */
export async function changedAt(path: string): Promise<number> {
  return (await stat(path)).ctimeMs;
}

/** Gives a path exactly these permission bits. */
export async function setMode(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
}

/** Moves a file out of the way, to `<path>.<label>-<time>`, over nothing. @returns its new path */
export async function setAside(path: string, label: string, now: number): Promise<string> {
  const aside = await freeAside(path, label, now);
  await rename(path, aside);
  return aside;
}

/** A path of the form `<path>.<label>-<time>` at which nothing is. */
export async function freeAside(path: string, label: string, now: number): Promise<string> {
  const time = new Date(now).toISOString().replaceAll(/[-:.]/g, '');
  for (let count = 0; ; count += 1) {
    const aside = `${path}.${label}-${time}${count === 0 ? '' : `-${count}`}`;
    if ((await pathFacts(aside)) === undefined) return aside;
  }
}
