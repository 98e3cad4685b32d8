import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../../util/errors.ts';
import { openToRead } from './open-to-read.ts';

const CHUNK_BYTES = 256 * 1024;
const SMALL_BYTES = 16 * 1024;

/** How a line is cut that is longer than a reader holds in memory. */
export interface LineLimit {
  readonly maxBytes: number;
  /** Makes a line of its first `maxBytes`; `bytes` is how many there are of it in all. */
  readonly cut: (beginning: string, bytes: number) => string;
}

/**
 * Reads a growing file line by line, with no more of it in memory than one line; the last line counts only when its newline
 * is there, or when asked. Lines of any length survive, unless there is a limit.
 */
export class LineReader {
  private offset = 0;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private readonly limit: LineLimit | undefined;
  private chunk: Buffer | undefined;
  readonly path: string;
  private held: FileHandle | undefined;

  constructor(path: string, limit?: LineLimit) {
    this.path = path;
    this.limit = limit;
  }

  /** Opens the file for good, so that it can be read when its name is gone; {@link close} lets it go. */
  async hold(): Promise<void> {
    this.held = await openToRead(this.path);
  }

  async close(): Promise<void> {
    await this.held?.close();
    this.held = undefined;
  }

  /** The complete lines since the last call, as far as the file has them now; none while it is missing. */
  async *read(): AsyncGenerator<string> {
    const handle = this.held ?? (await this.opened());
    if (handle === undefined) return;
    try {
      yield* this.linesOf(handle);
    } finally {
      if (handle !== this.held) await handle.close();
    }
  }

  /** As {@link read}, with what is left after the last newline, once the writer is gone. */
  async *finish(): AsyncGenerator<string> {
    yield* this.read();
    if (this.pendingBytes > 0) yield this.take();
  }

  private async *linesOf(handle: FileHandle): AsyncGenerator<string> {
    const { size } = await handle.stat();
    while (this.offset < size) {
      const chunk = this.chunkFor(size - this.offset);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, this.offset);
      if (bytesRead === 0) return;
      // A caller that stops in the middle continues after the last line that it received.
      let start = 0;
      for (let end = this.endIn(start, bytesRead); end !== -1; end = this.endIn(start, bytesRead)) {
        this.keep(start, end);
        this.offset += end + 1 - start;
        start = end + 1;
        yield this.take();
      }
      this.keep(start, bytesRead);
      this.offset += bytesRead - start;
    }
  }

  /** Most files are small, and a run reads several: memory that is not needed is not touched. */
  private chunkFor(bytes: number): Buffer {
    if (this.chunk === undefined || this.chunk.length < Math.min(bytes, CHUNK_BYTES))
      this.chunk = Buffer.allocUnsafe(bytes > SMALL_BYTES ? CHUNK_BYTES : SMALL_BYTES);
    return this.chunk;
  }

  private endIn(start: number, length: number): number {
    return this.chunk?.subarray(0, length).indexOf(10, start) ?? -1;
  }

  private keep(start: number, end: number): void {
    const room = (this.limit?.maxBytes ?? Infinity) - this.pendingBytes;
    this.pendingBytes += end - start;
    const kept = this.chunk?.subarray(start, Math.min(end, start + Math.max(0, room)));
    if (kept !== undefined && kept.length > 0) this.pending.push(Buffer.from(kept));
  }

  private take(): string {
    const [bytes, text] = [this.pendingBytes, Buffer.concat(this.pending).toString('utf8')];
    this.pending = [];
    this.pendingBytes = 0;
    if (this.limit === undefined || bytes <= this.limit.maxBytes) return text;
    return this.limit.cut(text.replace(/\uFFFD$/, ''), bytes);
  }

  private async opened(): Promise<FileHandle | undefined> {
    return openToRead(this.path).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    });
  }
}

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
