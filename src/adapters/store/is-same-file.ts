import { lstat, open, type FileHandle } from 'node:fs/promises';

const CHUNK = 1024 * 1024;

/** Whether two regular files have the same content; false when one of them cannot be read. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map(async (path) => lstat(path).catch(() => undefined)));
  if (first?.isFile() !== true || second?.isFile() !== true || first.size !== second.size) return false;
  const handles: FileHandle[] = [];
  try {
    for (const path of [one, other]) handles.push(await open(path, 'r'));
    for (let at = 0; at < first.size; at += CHUNK) {
      const [a, b] = await Promise.all(handles.map(async (handle) => handle.read(Buffer.alloc(CHUNK), 0, CHUNK, at)));
      if (a === undefined || b === undefined || a.bytesRead !== b.bytesRead) return false;
      if (!a.buffer.subarray(0, a.bytesRead).equals(b.buffer.subarray(0, b.bytesRead))) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    for (const handle of handles) await handle.close();
  }
}
