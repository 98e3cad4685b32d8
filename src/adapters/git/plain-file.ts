import { readFile } from 'node:fs/promises';
import { openToRead } from '../store/open-to-read.ts';
import { seenAtOnce } from '../store/paths.ts';

/** The text of a file; undefined for what is none, such as a pipe that nobody ever writes to, and for what cannot be read. */
export async function plainText(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<string | undefined> {
  return seenAtOnce(path)?.isFile() === true ? readFile(path, encoding).catch(() => undefined) : undefined;
}

const PIECE_BYTES = 256 * 1024;

/**
 * The bytes of a file in pieces of whole lines; only the last one may lack its end, and each is there until the next one is asked
 * for. Nothing of what is no file. For files of many megabytes: to have all of one in memory takes longer than to look
 * through it.
 *
 * @throws the system's error when it cannot be read
 */
export async function* linePieces(path: string, size = PIECE_BYTES): AsyncGenerator<Buffer> {
  if (seenAtOnce(path)?.isFile() !== true) return;
  const file = await openToRead(path);
  try {
    let buffer = Buffer.alloc(size);
    for (let held = 0; ;) {
      const { bytesRead } = await file.read(buffer, held, buffer.length - held, null);
      if (bytesRead === 0) {
        if (held > 0) yield buffer.subarray(0, held);
        return;
      }
      const filled = held + bytesRead;
      const end = buffer.lastIndexOf('\n', filled - 1) + 1;
      if (end > 0) yield buffer.subarray(0, end);
      buffer.copyWithin(0, end, filled);
      held = filled - end;
      if (held === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length)]);
    }
  } finally {
    await file.close();
  }
}
