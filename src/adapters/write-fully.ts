import { writeSync } from 'node:fs';
import { errnoOf } from '../util/errors.ts';

const WAIT_MS = 5;

/**
 * Writes all of `text` to an open file, pipe or terminal before it returns.
 *
 * @throws the system's error: EPIPE when the reader has left, ENOSPC, …
 */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      // Somebody who shares the pipe has made it non-blocking, and its reader is slow.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
}
