import { errnoOf } from '../../util/errors.ts';
import { openToRead } from './open-to-read.ts';

const BLOCK_BYTES = 64 * 1024;

/**
 * The lines of a file that are not empty, the last one first, as far as they are whole within its last `maxBytes`; none while it is missing.
 * However large the file is, no more than that is read.
 */
export async function* linesFromEnd(path: string, maxBytes: number): AsyncGenerator<string> {
  const handle = await openToRead(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    const first = Math.max(0, size - maxBytes);
    let rest: Buffer = Buffer.alloc(0);
    for (let end = size; end > first;) {
      const start = Math.max(first, end - BLOCK_BYTES);
      const block = Buffer.alloc(end - start);
      const { bytesRead } = await handle.read(block, 0, block.length, start);
      // Somebody has cut the file off meanwhile.
      if (bytesRead < block.length) return;
      const lines = splitLines(Buffer.concat([block, rest]));
      rest = lines.shift() ?? Buffer.alloc(0);
      for (const line of lines.toReversed()) if (line.length > 0) yield line.toString('utf8');
      end = start;
    }
    if (first === 0 && rest.length > 0) yield rest.toString('utf8');
  } finally {
    await handle.close();
  }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}
