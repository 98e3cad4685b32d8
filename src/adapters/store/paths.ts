import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { errnoOf } from '../../util/errors.ts';

// What may be asked of a path; nothing here changes anything.

/**
 * What is at `path` itself, where a link is a link; undefined when nothing is. Blocking: a run asks hundreds of times, and to
 * have another thread ask takes ten times as long.
 */
export function statAtOnce(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** As {@link statAtOnce}; undefined, too, for what cannot be seen. */
export function seenAtOnce(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Whether something is at `path`, a dangling link included. */
export async function pathExists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

/** Whether something is at `path`, as far as that can be seen. */
export async function exists(path: string): Promise<boolean> {
  return seenAtOnce(path) !== undefined;
}

/** Whether a directory, and not a link to one, is at `path`. */
export async function isDirectory(path: string): Promise<boolean> {
  return seenAtOnce(path)?.isDirectory() === true;
}

/** Whether a directory, or a link that leads to one, is at `path`. */
export async function leadsToDirectory(path: string): Promise<boolean> {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The absolute path without links. */
export async function realPath(path: string): Promise<string> {
  return realpath(path);
}

/** The absolute path without links. At once: what starts the first wait for the disk costs a short command a millisecond. */
export function realPathNow(path: string): string {
  return realpathSync(path);
}

/** Whether `path`, when links are followed, is `directory` or inside it; what cannot be found is not. */
export async function isInside(directory: string, path: string): Promise<boolean> {
  const [outer, inner] = await Promise.all(
    [directory, path].map(async (each) => realpath(each).catch(() => undefined)),
  );
  return outer !== undefined && inner !== undefined && (inner === outer || inner.startsWith(outer + sep));
}

/** What the filesystem says of a path itself; a link is not followed. */
export interface PathFacts {
  readonly type: 'file' | 'directory' | 'link' | 'other';
  /** The permission bits. */
  readonly mode: number;
  readonly uid: number;
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
    return { type, mode: facts.mode & 0o7777, uid: facts.uid, modifiedAt: facts.mtimeMs };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** When a file's content or mode was changed last, links followed; whoever installs a file cannot set this time. */
export async function changedAt(path: string): Promise<number> {
  return (await stat(path)).ctimeMs;
}

/** When a file was changed last, in milliseconds since the epoch; undefined when there is none. */
export async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What tells a file from the one that it was before a change or a replacement; undefined when it cannot be reached. Blocks. */
export function stampAtOnce(path: string): string | undefined {
  const facts = exactFacts(path);
  return facts === undefined ? undefined : asStamp(facts);
}

/** What tells a file from the one that it was, as {@link stampAtOnce} does: for thousands of files, a text of each is most of it. */
export type FileFacts = Readonly<Record<'ino' | 'size' | 'mtimeMs' | 'ctimeMs', number>>;

/** These facts, links followed; undefined when the file cannot be reached. Blocks. */
export function factsAtOnce(path: string): FileFacts | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Whether a file is certainly as it was. Times are told apart by a quarter of a microsecond. */
export function isAsItWas(now: FileFacts | undefined, then: FileFacts | undefined): boolean {
  return (
    now !== undefined &&
    then !== undefined &&
    now.ino === then.ino &&
    now.size === then.size &&
    now.mtimeMs === then.mtimeMs &&
    now.ctimeMs === then.ctimeMs
  );
}

/** Which file something is, how large, and since when, to the nanosecond; undefined when it cannot be reached. Blocks. */
export function exactFacts(path: string): ExactFacts | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

type ExactFacts = Readonly<Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>>;

/** The clock by which a file system tells when something has changed goes in steps; no such step is longer, in milliseconds. */
const LONGEST_STEP_MS = 1000;

/**
 * What a file has as long as it is not changed or replaced, and a directory as long as no name in it is added, removed or given to
 * another file; undefined when it has changed just now, as a change in the same moment would not be seen, and when it cannot be
 * reached.
 */
export function settledStamp(path: string): string | undefined {
  try {
    const facts = statSync(path, { bigint: true });
    return Math.abs(Date.now() - Number(facts.mtimeMs)) > LONGEST_STEP_MS ? asStamp(facts) : undefined;
  } catch {
    return undefined;
  }
}

function asStamp({ ino, size, mtimeNs, ctimeNs }: Omit<ExactFacts, 'dev'>): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
