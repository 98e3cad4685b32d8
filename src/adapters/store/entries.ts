import { basename, join } from 'node:path';
import { rename, rm } from './changes.ts';
import { listDirectory } from './directory.ts';
import { pathFacts, statAtOnce } from './paths.ts';

/** Something in a directory, as it is itself: a link is a link, wherever it leads. */
export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link' | 'other';
  /** Tells it from whatever comes in its place later. */
  readonly identity: string;
  /** When it was changed last, in milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** What is at `path`; undefined when there is nothing. */
export async function entryAt(path: string): Promise<Entry | undefined> {
  const stat = statAtOnce(path);
  if (stat === undefined) return undefined;
  const type = stat.isSymbolicLink() ? 'link' : stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : 'other';
  const identity = `${stat.dev} ${stat.ino} ${stat.birthtimeMs}`;
  return { name: basename(path), path, type, identity, modifiedMs: stat.mtimeMs };
}

/** What is in a directory, by name; nothing when it is missing. */
export async function listEntries(directory: string): Promise<Entry[]> {
  const names = (await listDirectory(directory)).toSorted();
  const entries = await Promise.all(names.map(async (name) => entryAt(join(directory, name))));
  return entries.filter((entry) => entry !== undefined);
}

/** Removes a file or a link, never what a link leads to. */
export async function removeEntry({ path }: Entry): Promise<void> {
  await rm(path);
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
