import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf } from '../../util/errors.ts';

const CHUNK_BYTES = 256 * 1024;

/** Reads a growing file line by line; the last line counts only when its newline is there, or when asked. */
export class LineReader {
  private offset = 0;
  private pending: Buffer[] = [];
  readonly path: string;
  private held: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Opens the file for good, so that it can be read when its name is gone; {@link close} lets it go. */
  async hold(): Promise<void> {
    this.held = await open(this.path, 'r');
  }

  async close(): Promise<void> {
    await this.held?.close();
    this.held = undefined;
  }

  /** The complete lines since the last call; none while the file is missing. Lines of any length survive. */
  async read(): Promise<string[]> {
    const lines: string[] = [];
    for (const chunk of await this.chunks()) {
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        lines.push(this.take(chunk.subarray(start, end)));
        start = end + 1;
      }
      if (start < chunk.length) this.pending.push(chunk.subarray(start));
    }
    return lines;
  }

  /** What is left after the last newline, once the writer is gone. */
  async finish(): Promise<string[]> {
    const lines = await this.read();
    return this.pending.length === 0 ? lines : [...lines, this.take(Buffer.alloc(0))];
  }

  private take(end: Buffer): string {
    const line = Buffer.concat([...this.pending, end]).toString('utf8');
    this.pending = [];
    return line;
  }

  private async chunks(): Promise<Buffer[]> {
    if (this.held !== undefined) return this.chunksOf(this.held);
    const handle = await open(this.path, 'r').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (handle === undefined) return [];
    try {
      return await this.chunksOf(handle);
    } finally {
      await handle.close();
    }
  }

  private async chunksOf(handle: FileHandle): Promise<Buffer[]> {
    const chunks: Buffer[] = [];
    for (;;) {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, this.offset);
      if (bytesRead === 0) return chunks;
      this.offset += bytesRead;
      chunks.push(buffer.subarray(0, bytesRead));
    }
  }
}
