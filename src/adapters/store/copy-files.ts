import { constants, existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { errnoOf } from '../../util/errors.ts';
import { change } from './change.ts';
import { seenAtOnce } from './paths.ts';

/** Why a file was not copied: a link that leads out, no regular file, one that was there before, or one that cannot be read. */
export type LeftOut = 'leads out' | 'special' | 'there' | 'unreadable';

interface CopyOptions {
  /** A directory without links in its path. */
  readonly from: string;
  /** The same. */
  readonly to: string;
  /** Files and links, by their paths in `from`. */
  readonly paths: readonly string[];
  /** Aborts to stop. */
  readonly signal: AbortSignal;
  /** Called after each of them. */
  readonly onFile: () => Promise<void>;
  readonly onLeftOut: (path: string, why: LeftOut) => void;
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// To open a pipe waits for its other end otherwise.
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
// A copy shares its blocks where the filesystem can: ioctl_ficlonerange(2).
const CLONE = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
const AT_ONCE = 8;

/**
 * Copies files into another directory, with modes and times; nothing there is replaced. No link is followed on either side,
 * whatever is put in the way meanwhile: directories are opened one below the other, and what was opened is what is copied. A
 * link is copied as one, when it leads to something inside; an absolute one as a relative one.
 *
 * @returns how many were copied
 */
export async function copyFiles(options: CopyOptions): Promise<number> {
  const [from, to] = await Promise.all([fs.open(options.from, DIRECTORY), fs.open(options.to, DIRECTORY)]);
  try {
    return await copyInto(options, treeOf(options.paths), {
      path: '',
      from: placeOf(from, options.from),
      to: placeOf(to, options.to),
    });
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

interface Tree {
  readonly files: string[];
  readonly below: Map<string, Tree>;
}

function treeOf(paths: readonly string[]): Tree {
  const root: Tree = { files: [], below: new Map() };
  for (const path of paths) {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    if ([name, ...parts].some((part) => part === '' || part === '.' || part === '..')) continue;
    let tree = root;
    for (const part of parts) {
      const next = tree.below.get(part) ?? { files: [], below: new Map() };
      tree.below.set(part, next);
      tree = next;
    }
    tree.files.push(name);
  }
  return root;
}

const HAS_DESCRIPTORS = existsSync('/proc/self/fd');

/** A path by which an open directory is reached whatever stands in its place by now; elsewhere than on Linux, its own. */
function placeOf({ fd }: fs.FileHandle, path: string): string {
  return HAS_DESCRIPTORS ? `/proc/self/fd/${fd}` : path;
}

interface Pair {
  /** In the tree. */
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

async function copyInto(options: CopyOptions, { files, below }: Tree, at: Pair): Promise<number> {
  let copied = 0;
  const waiting = [...files];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      options.signal.throwIfAborted();
      const left = await copyOne(options, name, at);
      if (left === undefined) copied += 1;
      else options.onLeftOut(join(at.path, name), left);
      await options.onFile();
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, files.length) }, work));
  for (const [name, tree] of below) copied += await copyBelow(options, { name, tree }, at);
  return copied;
}

async function copyBelow(
  options: CopyOptions,
  { name, tree }: { readonly name: string; readonly tree: Tree },
  at: Pair,
): Promise<number> {
  const path = join(at.path, name);
  const target = join(at.to, name);
  const source = await openDirectory(join(at.from, name), join(options.from, path));
  if (source === undefined) {
    options.onLeftOut(path, 'leads out');
    return 0;
  }
  try {
    const isNew = await makeDirectory(target);
    const into = await openDirectory(target, join(options.to, path));
    if (into === undefined) {
      options.onLeftOut(path, 'there');
      return 0;
    }
    try {
      const pair = { path, from: placeOf(source, join(at.from, name)), to: placeOf(into, target) };
      const copied = await copyInto(options, tree, pair);
      const { mode } = await source.stat();
      if (isNew) await change('set mode', target, async () => into.chmod(mode & 0o7777));
      return copied;
    } finally {
      await into.close();
    }
  } finally {
    await source.close();
  }
}

/** A directory that is none behind a link; undefined for anything else. `known` is where it is without links. */
async function openDirectory(path: string, known: string): Promise<fs.FileHandle | undefined> {
  const handle = await fs.open(path, DIRECTORY).catch(unlessInTheWay);
  if (handle === undefined || HAS_DESCRIPTORS) return handle;
  if ((await fs.realpath(path).catch(() => undefined)) === known) return handle;
  await handle.close();
  return undefined;
}

/** @returns whether it was missing */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await change('make directory', path, async () => fs.mkdir(path, { mode: 0o700 }));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @returns why it was left out */
async function copyOne(options: CopyOptions, name: string, at: Pair): Promise<LeftOut | undefined> {
  const [source, target] = [join(at.from, name), join(at.to, name)];
  try {
    const file = await fs.open(source, FILE);
    try {
      return await copyOpened(file, source, target);
    } finally {
      await file.close();
    }
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (IS_LINK.has(errno)) return copyLink(options, name, at);
    const why = LEFT_OUT.get(errno);
    if (why === undefined) throw error;
    return why;
  }
}

/** What open(2) says of a link that is not to be followed; some systems say something else. */
const IS_LINK = new Set(['ELOOP', 'EMLINK', 'EFTYPE']);
const LEFT_OUT: ReadonlyMap<string, LeftOut> = new Map([
  ['EEXIST', 'there'],
  ['EACCES', 'unreadable'],
  ['EPERM', 'unreadable'],
  ['ENOENT', 'unreadable'],
  ['ENXIO', 'special'],
]);

async function copyOpened(file: fs.FileHandle, source: string, target: string): Promise<LeftOut | undefined> {
  const stat = await file.stat();
  if (!stat.isFile()) return 'special';
  const opened = HAS_DESCRIPTORS ? `/proc/self/fd/${file.fd}` : source;
  await writeWhole(target, async () => fs.copyFile(opened, target, CLONE));
  if (!HAS_DESCRIPTORS && (await fs.lstat(source)).ino !== stat.ino) {
    await change('remove', target, async () => fs.rm(target));
    return 'leads out';
  }
  await change('touch', target, async () => fs.utimes(target, stat.atime, stat.mtime));
  return undefined;
}

/** A part of a file, as a full disk leaves it, would be taken for a file of the worktree's own by the next copy. */
async function writeWhole(target: string, write: () => Promise<void>): Promise<void> {
  const isFree = seenAtOnce(target) === undefined;
  try {
    await change('write', target, write);
  } catch (error) {
    if (isFree) await change('remove', target, async () => fs.rm(target, { force: true })).catch(() => undefined);
    throw error;
  }
}

async function copyLink({ from }: CopyOptions, name: string, at: Pair): Promise<LeftOut | undefined> {
  const leads = await fs.readlink(join(at.from, name));
  const place = join(from, at.path);
  const inside = (path: string): boolean => path === from || path.startsWith(`${from}/`);
  const real = await fs.realpath(isAbsolute(leads) ? leads : join(place, leads)).catch(() => undefined);
  // What leads nowhere now may lead anywhere later.
  if (real === undefined || !inside(real)) return 'leads out';
  if (!inside(isAbsolute(leads) ? leads : join(place, leads))) return 'leads out';
  const target = join(at.to, name);
  const made = isAbsolute(leads) ? relative(place, leads) : leads;
  try {
    await change('write', target, async () => fs.symlink(made === '' ? '.' : made, target));
    return undefined;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return 'there';
    throw error;
  }
}

function unlessInTheWay(error: unknown): undefined {
  const errno = errnoOf(error) ?? '';
  if (['ELOOP', 'EMLINK', 'ENOTDIR', 'ENOENT', 'EACCES', 'EFTYPE'].includes(errno)) return undefined;
  throw error;
}
