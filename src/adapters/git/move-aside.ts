import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rename } from '../store/changes.ts';
import { makePrivateDirectory } from '../store/private-files.ts';

/** Whether something is at `path`, as far as that can be seen. */
export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Whether a directory, and not a link to one, is at `path`. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}

/** Moves a file or a directory; the parents of its new place are made. @returns the new place */
export async function moveAside(from: string, to: string): Promise<string> {
  await makePrivateDirectory(dirname(to));
  await rename(from, to);
  return to;
}
