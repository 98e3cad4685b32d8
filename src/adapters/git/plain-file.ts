import { readFile } from 'node:fs/promises';
import { seenAtOnce } from '../store/paths.ts';

/** The text of a file; undefined for what is none, such as a pipe that nobody ever writes to, and for what cannot be read. */
export async function plainText(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<string | undefined> {
  return seenAtOnce(path)?.isFile() === true ? readFile(path, encoding).catch(() => undefined) : undefined;
}
