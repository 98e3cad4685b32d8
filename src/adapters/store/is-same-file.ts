import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Whether two regular files have the same content; false when one of them cannot be read. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map(async (path) => lstat(path).catch(() => undefined)));
  if (first?.isFile() !== true || second?.isFile() !== true || first.size !== second.size) return false;
  const [sum, otherSum] = await Promise.all([one, other].map(async (path) => sumOf(path).catch(() => undefined)));
  return sum !== undefined && sum === otherSum;
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
