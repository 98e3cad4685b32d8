import * as blocking from 'node:fs';
import * as fs from 'node:fs/promises';
import type { Mode } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../util/errors.ts';
import { change } from './change.ts';

// The calls of node:fs/promises that change something, each as one change. What only tells the system of a change, or hands it
// a small text, is done at once: to have another thread do it takes longer, and a lock is held the longer the more often its
// holder has to wait for the processor. What may take long is waited for, so that locks and deadlines are kept meanwhile.

async function waitForDisk(file: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    blocking.fsync(file, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** As `mkdir` of node:fs/promises, without parents. */
export async function mkdir(path: string, options: { readonly mode: Mode }): Promise<void> {
  await change('make directory', path, async () => blocking.mkdirSync(path, options));
}

/** As `mkdtemp` of node:fs/promises. */
export async function mkdtemp(prefix: string): Promise<string> {
  return change('make directory', `${prefix}XXXXXX`, async () => blocking.mkdtempSync(prefix));
}

/** As `chmod` of node:fs/promises. */
export async function chmod(path: string, mode: Mode): Promise<void> {
  await change('set mode', path, async () => blocking.chmodSync(path, mode));
}

/** As `rename` of node:fs/promises. */
export async function rename(from: string, to: string): Promise<void> {
  await change('rename', to, async () => blocking.renameSync(from, to));
}

/**
 * Makes a directory, if it is missing, with those of these links that it does not have, and then with these files, the last
 * of which says that the others are there: one change, to be made again when it was cut off.
 */
export async function makeLinked(directory: string, { files, links }: Scratch): Promise<void> {
  await change('make directory', directory, async () => {
    unlessThere(() => blocking.mkdirSync(directory, { mode: 0o700 }));
    for (const [name, target] of Object.entries(links))
      unlessThere(() => blocking.symlinkSync(target, join(directory, name)));
    for (const [name, text] of Object.entries(files)) blocking.writeFileSync(join(directory, name), text);
  });
}

/** Makes a directory, where none is, with files in it, by their names: one change, as nobody else knows of it. */
export async function makeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  await change('make directory', directory, async () => {
    blocking.mkdirSync(directory, { mode: 0o700 });
    blocking.chmodSync(directory, 0o700);
    for (const [name, text] of Object.entries(files)) blocking.writeFileSync(join(directory, name), text);
  });
}

function unlessThere(make: () => void): void {
  try {
    make();
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** As `rm` of node:fs/promises. */
export async function rm(path: string, options: Parameters<typeof fs.rm>[1] = {}): Promise<void> {
  await change('remove', path, async () => fs.rm(path, options));
}

/** As `rmdir` of node:fs/promises: a directory that has something in it stays, and is an error. */
export async function rmdir(path: string): Promise<void> {
  await change('remove', path, async () => fs.rmdir(path));
}

/** Runs `body` while the owner may write to a directory; its mode is put back, where it is then. */
export async function withWritable<T>(
  path: string,
  body: () => Promise<T>,
  { afterwards = path }: { readonly afterwards?: string } = {},
): Promise<T> {
  const { mode } = await fs.lstat(path);
  const permissions = mode & 0o7777;
  await chmod(path, permissions | 0o700);
  let place = path;
  try {
    const result = await body();
    place = afterwards;
    return result;
  } finally {
    await chmod(place, permissions);
  }
}

/** Lets the owner read, search and write every directory of a tree, as far as they are its own; links are not followed. */
export async function makeTreeWritable(path: string): Promise<void> {
  await change('set mode', path, async () => openUp(path));
}

async function openUp(path: string): Promise<void> {
  // What belongs to somebody else is told by whoever removes it.
  await fs.chmod(path, 0o700).catch(() => undefined);
  const entries = await fs.readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await openUp(join(path, entry.name));
}

/** As `writeFile` of node:fs/promises. */
export async function writeFile(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode?: Mode; readonly flag?: string } = {},
): Promise<void> {
  await change('write', path, async () => fs.writeFile(path, content, options));
}

/** Writes a small text that may be lost, such as one that is written anew every few seconds; at once, so that no other thread wakes for it. */
export async function writeSmall(path: string, text: string, options: { readonly mode: Mode }): Promise<void> {
  await change('write', path, async () => blocking.writeFileSync(path, text, options));
}

/** As `copyFile` of node:fs/promises. */
export async function copyFile(from: string, to: string): Promise<void> {
  await change('write', to, async () => fs.copyFile(from, to));
}

/** As `appendFile` of node:fs/promises. */
export async function appendFile(path: string, content: string): Promise<void> {
  await change('append', path, async () => fs.appendFile(path, content));
}

/** What is put into a directory for a moment: texts and links by their paths in it. */
export interface Scratch {
  readonly files: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
}

/** Makes a directory whose name begins with `prefix`, with files and links in it: one change, as nobody else reads it. */
export async function makeScratch(prefix: string, { files, links }: Scratch): Promise<string> {
  return change('make directory', `${prefix}XXXXXX`, async () => {
    const directory = blocking.mkdtempSync(prefix);
    for (const [name, target] of Object.entries(links)) {
      makeParent(directory, name);
      blocking.symlinkSync(target, join(directory, name));
    }
    for (const [name, text] of Object.entries(files)) {
      makeParent(directory, name);
      blocking.writeFileSync(join(directory, name), text);
    }
    return directory;
  });
}

/** Most are in the directory itself, which is there. */
function makeParent(directory: string, name: string): void {
  if (name.includes('/')) blocking.mkdirSync(dirname(join(directory, name)), { recursive: true });
}

/** A file that was opened to be changed. */
export interface WritableFile {
  chmod(mode: Mode): Promise<void>;
  write(content: string | Uint8Array): Promise<void>;
  append(content: string): Promise<void>;
  /** Until this returns, what was written may be lost in a power failure. */
  sync(): Promise<void>;
  /** The same, blocking: for a process that does nothing else meanwhile, and holds no lock that it would have to keep fresh. */
  syncAtOnce(): Promise<void>;
  touch(now: Date): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file that must not be there yet (`wx`), or one that grows (`a`). */
export async function openToChange(path: string, flags: 'wx' | 'a', mode: Mode): Promise<WritableFile> {
  let file: number | undefined = await change('create', path, async () => blocking.openSync(path, flags, mode));
  // Once it is closed, its number may be that of another file.
  const open = (): number => {
    if (file === undefined) throw new Error(`${path} is closed`);
    return file;
  };
  return {
    chmod: async (wanted) => change('set mode', path, async () => blocking.fchmodSync(open(), wanted)),
    write: async (content) => change('write', path, async () => blocking.writeFileSync(open(), content)),
    append: async (content) => change('append', path, async () => blocking.appendFileSync(open(), content)),
    sync: async () => change('sync', path, async () => waitForDisk(open())),
    syncAtOnce: async () => change('sync', path, async () => blocking.fsyncSync(open())),
    touch: async (now) => change('touch', path, async () => blocking.futimesSync(open(), now, now)),
    close: async () => {
      if (file !== undefined) blocking.closeSync(file);
      file = undefined;
    },
  };
}

/**
 * Opens a file, with mode 0600, that gets the output of a program from its beginning (`w`) or after what is there (`a`): no
 * change of its own, since to start the program is one, and a file that it left empty says nothing.
 *
 * @returns the descriptor, which is the caller's to close
 */
export function openOutput(path: string, flags: 'w' | 'a'): number {
  return blocking.openSync(path, flags, 0o600);
}

/** Makes what was created, renamed or removed in a directory outlast a power failure; a missing directory is fine. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = openIfThere(path);
  if (directory === undefined) return;
  try {
    await change('sync', path, async () => waitForDisk(directory));
  } finally {
    blocking.closeSync(directory);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return blocking.openSync(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** As {@link syncDirectory} for a directory that exists, blocking, as {@link WritableFile.syncAtOnce}. */
export async function syncDirectoryAtOnce(path: string): Promise<void> {
  const directory = blocking.openSync(path, 'r');
  try {
    await change('sync', path, async () => blocking.fsyncSync(directory));
  } finally {
    blocking.closeSync(directory);
  }
}
