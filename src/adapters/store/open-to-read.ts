import { open, type FileHandle } from 'node:fs/promises';

/** As `open` of node:fs/promises, for reading alone. */
export async function openToRead(path: string): Promise<FileHandle> {
  return open(path, 'r');
}
