import { readFileSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, errnoOf } from '../../util/errors.ts';
import {
  chmod,
  copyFile,
  makeTreeWritable,
  mkdir,
  openToChange,
  rename,
  rm,
  syncDirectory,
  syncDirectoryAtOnce,
  type WritableFile,
} from './changes.ts';
import { leadsToDirectory } from './paths.ts';
import { temporaryBeside } from './temporary-name.ts';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Creates `path` and its missing parents with mode 0700 whatever the umask; what exists keeps its mode. */
export async function makePrivateDirectory(path: string): Promise<void> {
  if ((await tryMakeDirectory(path)) !== 'ENOENT') return;
  await makePrivateDirectory(dirname(path));
  if ((await tryMakeDirectory(path)) === 'ENOENT') {
    throw new AppError('no_directory', `cannot make the directory ${path}`, {
      hint: 'check whether one of its parents is a link to nowhere, such as a disk that is not mounted',
    });
  }
}

async function tryMakeDirectory(path: string): Promise<'made' | 'exists' | 'ENOENT'> {
  // Most are there, and to see that takes less than a call that fails.
  if (await leadsToDirectory(path)) return 'exists';
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'ENOENT';
    if (errnoOf(error) !== 'EEXIST') throw error;
    if (await leadsToDirectory(path)) return 'exists';
    throw new AppError('no_directory', `${path} must be a directory, but is something else or a dead link`, {
      hint: 'move it away, or name another home in KUGETSU_DIR',
      cause: error,
    });
  }
  await chmod(path, DIRECTORY_MODE);
  return 'made';
}

/**
 * Puts `content` at `path` so that a reader, or a crash at any moment, sees the old bytes or the new ones: a temporary
 * file beside it, fsync, rename, fsync of the directory. Mode 0600, or what `mode` says, whatever the umask. Parents are created.
 */
export async function replaceFile(path: string, content: string | Uint8Array, mode = FILE_MODE): Promise<void> {
  await writeAside(path, async (file) => {
    await file.chmod(mode);
    await file.write(content);
    await file.sync();
  });
  await syncDirectory(dirname(path));
}

/**
 * As {@link replaceFile} for a file that nobody else writes: it blocks until it is on the disk, for a command that does nothing else meanwhile. Not
 * under a lock, which would go stale behind a slow disk.
 */
export async function addFile(path: string, content: string): Promise<void> {
  await writeAside(path, async (file) => {
    await writePrivate(file, content);
    await file.syncAtOnce();
  });
  await syncDirectoryAtOnce(dirname(path));
}

/** As {@link addFile}, without waiting for the disk: a power failure may leave the old bytes, none, or an empty file. */
export async function placeFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeAside(path, async (file) => writePrivate(file, content));
}

async function writePrivate(file: WritableFile, content: string | Uint8Array): Promise<void> {
  await file.chmod(FILE_MODE);
  await file.write(content);
}

async function writeAside(path: string, write: (file: WritableFile) => Promise<void>): Promise<void> {
  const temporary = temporaryBeside(path);
  const file = await openInDirectory(temporary);
  try {
    await write(file).finally(async () => file.close());
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Opens a new file; its directory is made when it is missing. */
async function openInDirectory(path: string): Promise<WritableFile> {
  const open = async (): Promise<WritableFile> => openToChange(path, 'wx', FILE_MODE);
  try {
    return await open();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
    await makePrivateDirectory(dirname(path));
    return open();
  }
}

/** Copies a private file of any size, into a directory that is made when it is missing; nothing when there is none. */
export async function copyIfExists(from: string, to: string): Promise<void> {
  await makePrivateDirectory(dirname(to));
  await copyFile(from, to).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

/**
 * The text of a file of kugetsu's, or undefined when there is none. They are small: to read one blocks for less time than it
 * takes to have another thread read it.
 */
export async function readTextIfExists(path: string): Promise<string | undefined> {
  return readTextAtOnce(path);
}

/** The same, without a promise. */
export function readTextAtOnce(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The bytes of a file, or undefined when there is none. */
export async function readBytesIfExists(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a file and makes the removal durable; a missing file is fine. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}

/** Moves a file to a place of the same filesystem, durably; a missing one is fine. */
export async function moveFile(from: string, to: string): Promise<void> {
  await makePrivateDirectory(dirname(to));
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  await syncDirectory(dirname(to));
  await syncDirectory(dirname(from));
}

/** Removes a file; a missing one is fine. A power failure may bring it back. */
export async function unlinkFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Removes a directory with everything in it, read-only directories of the same owner included; a missing one is fine. */
export async function removeDirectory(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    // Not only EACCES: a partly removed tree may be reported as a directory that is not empty.
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) throw error;
    if ((await lstat(path).catch(() => undefined))?.isDirectory() !== true) throw error;
    await makeTreeWritable(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Gives a path exactly these permission bits. */
export async function setMode(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
}

/** Creates an empty file, or changes its modification time; watchers of its directory notice. */
export async function touchFile(path: string): Promise<void> {
  const handle = await openPrivateAppend(path);
  try {
    await handle.touch(new Date());
  } finally {
    await handle.close();
  }
}

/** Opens a file for appending with mode 0600, and creates it and its parents when they are missing. */
export async function openPrivateAppend(path: string): Promise<WritableFile> {
  await makePrivateDirectory(dirname(path));
  const handle = await openToChange(path, 'a', FILE_MODE);
  await handle.chmod(FILE_MODE);
  return handle;
}
