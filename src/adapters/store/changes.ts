import * as blocking from 'node:fs';
import * as fs from 'node:fs/promises';
import type { Mode } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../util/errors.ts';
import { change } from './change.ts';

// The calls of node:fs/promises that change something, each as one change.

/** As `mkdir` of node:fs/promises, without parents. */
export async function mkdir(path: string, options: { readonly mode: Mode }): Promise<void> {
  await change('make directory', path, async () => fs.mkdir(path, options));
}

/** As `mkdtemp` of node:fs/promises. */
export async function mkdtemp(prefix: string): Promise<string> {
  return change('make directory', `${prefix}XXXXXX`, async () => fs.mkdtemp(prefix));
}

/** As `chmod` of node:fs/promises. */
export async function chmod(path: string, mode: Mode): Promise<void> {
  await change('set mode', path, async () => fs.chmod(path, mode));
}

/** As `rename` of node:fs/promises. */
export async function rename(from: string, to: string): Promise<void> {
  await change('rename', to, async () => fs.rename(from, to));
}

/**
 * Makes a directory, if it is missing, with those of these links that it does not have, and then with these files, the last
 * of which says that the others are there: one change, to be made again when it was cut off.
 */
export async function makeLinked(directory: string, { files, links }: Scratch): Promise<void> {
  await change('make directory', directory, async () => {
    await unlessThere(fs.mkdir(directory, { mode: 0o700 }));
    for (const [name, target] of Object.entries(links)) await unlessThere(fs.symlink(target, join(directory, name)));
    for (const [name, text] of Object.entries(files)) await fs.writeFile(join(directory, name), text);
  });
}

/** Makes a directory, where none is, with files in it, by their names: one change, as nobody else knows of it. */
export async function makeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  await change('make directory', directory, async () => {
    await fs.mkdir(directory, { mode: 0o700 });
    await fs.chmod(directory, 0o700);
    for (const [name, text] of Object.entries(files)) await fs.writeFile(join(directory, name), text);
  });
}

async function unlessThere(made: Promise<unknown>): Promise<void> {
  await made.catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
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
    const directory = await fs.mkdtemp(prefix);
    for (const [name, target] of Object.entries(links)) {
      await fs.mkdir(dirname(join(directory, name)), { recursive: true });
      await fs.symlink(target, join(directory, name));
    }
    for (const [name, text] of Object.entries(files)) {
      await fs.mkdir(dirname(join(directory, name)), { recursive: true });
      await fs.writeFile(join(directory, name), text);
    }
    return directory;
  });
}

/** A file that was opened to be changed. */
export interface WritableFile {
  chmod(mode: Mode): Promise<void>;
  write(content: string | Uint8Array): Promise<void>;
  append(content: string): Promise<void>;
  /** Until this returns, what was written may be lost in a power failure. */
  sync(): Promise<void>;
  touch(now: Date): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file that must not be there yet (`wx`), or one that grows (`a`). */
export async function openToChange(path: string, flags: 'wx' | 'a', mode: Mode): Promise<WritableFile> {
  const handle = await change('create', path, async () => fs.open(path, flags, mode));
  return {
    chmod: async (wanted) => change('set mode', path, async () => handle.chmod(wanted)),
    write: async (content) => change('write', path, async () => handle.writeFile(content)),
    append: async (content) => change('append', path, async () => handle.appendFile(content)),
    sync: async () => change('sync', path, async () => handle.sync()),
    touch: async (now) => change('touch', path, async () => handle.utimes(now, now)),
    close: async () => handle.close(),
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
  const handle = await fs.open(path, 'r').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    await change('sync', path, async () => handle.sync());
  } finally {
    await handle.close();
  }
}

// The same for a process that has nothing else to do meanwhile, and holds no lock that it would have to keep fresh: to hand
// each call to another thread takes longer than most of them.

/** As {@link openToChange} for a file that must not be there yet, blocking. */
export async function openAtOnce(
  path: string,
  mode: Mode,
): Promise<Pick<WritableFile, 'chmod' | 'write' | 'sync' | 'close'>> {
  const file = await change('create', path, async () => blocking.openSync(path, 'wx', mode));
  return {
    chmod: async (wanted) => change('set mode', path, async () => blocking.fchmodSync(file, wanted)),
    write: async (content) => change('write', path, async () => blocking.writeFileSync(file, content)),
    sync: async () => change('sync', path, async () => blocking.fsyncSync(file)),
    close: async () => blocking.closeSync(file),
  };
}

/** As {@link rename}, blocking. */
export async function renameAtOnce(from: string, to: string): Promise<void> {
  await change('rename', to, async () => blocking.renameSync(from, to));
}

/** As {@link syncDirectory} for a directory that exists, blocking. */
export async function syncDirectoryAtOnce(path: string): Promise<void> {
  const directory = blocking.openSync(path, 'r');
  try {
    await change('sync', path, async () => blocking.fsyncSync(directory));
  } finally {
    blocking.closeSync(directory);
  }
}
