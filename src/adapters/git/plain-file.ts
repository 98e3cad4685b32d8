import { lstat, readFile } from 'node:fs/promises';

/** The text of a file; undefined for what is none, such as a pipe that nobody ever writes to, and for what cannot be read. */
export async function plainText(path: string): Promise<string | undefined> {
  const isFile = (await lstat(path).catch(() => undefined))?.isFile() === true;
  return isFile ? readFile(path, 'utf8').catch(() => undefined) : undefined;
}
