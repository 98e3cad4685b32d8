import type { FileHandle } from 'node:fs/promises';
import { openToRead } from '../../store/open-to-read.ts';
import { errnoOf } from '../../../util/errors.ts';

// As much of SQLite's file format (sqlite.org/fileformat2.html) as it takes to tell whether a table has a row. To ask opencode
// takes it a second.

const LEAF = 0x0d;
const INTERIOR = 0x05;
const WAL_HEADER = 32;
const FRAME_HEADER = 24;
const MOST_PAGES = 2000;
/** How much of the log is looked through at a time, in bytes. */
const LOOK_BYTES = 1024 * 1024;
/** How often a database is looked at that changes meanwhile. */
const TRIES = 3;

type ReadPage = (number: number) => Promise<Buffer>;

/**
 * Whether the table `name` of the database at `path` has rows; no when there is no such file or table.
 *
 * @throws when that cannot be seen: a file of another kind, or one that changes all the time
 */
export async function tableHasRows(path: string, name: string): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await hasRows(path, name);
    } catch (error) {
      // An opencode at work may have written between two reads.
      if (tries === TRIES) throw error;
    }
  }
}

async function hasRows(path: string, name: string): Promise<boolean> {
  const file = await openIfThere(path);
  if (file === undefined) return false;
  const log = await openIfThere(`${path}-wal`).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  try {
    const header = await bytesAt(file, 0, 100);
    if (header.toString('latin1', 0, 15) !== 'SQLite format 3') throw new Error(`${path} is no database`);
    const stored = header.readUInt16BE(16);
    const size = stored === 1 ? 65_536 : stored;
    const changed = log === undefined ? new Map<number, number>() : await pagesInLog(log, size);
    const read: ReadPage = async (number) => {
      const place = changed.get(number);
      return log === undefined || place === undefined
        ? bytesAt(file, (number - 1) * size, size)
        : bytesAt(log, place, size);
    };
    const root = await rootOf(read, name);
    if (root === undefined) return false;
    const page = await read(root);
    return page[0] !== LEAF || page.readUInt16BE(3) > 0;
  } finally {
    await file.close();
    await log?.close();
  }
}

/** The page at which a table begins, from the table of tables, which begins at page 1. */
async function rootOf(read: ReadPage, name: string): Promise<number | undefined> {
  const pages = [1];
  for (let at = 0; at < pages.length; at += 1) {
    if (at > MOST_PAGES) throw new Error('a database with too many tables');
    const number = pages[at] ?? 1;
    const page = await read(number);
    const head = number === 1 ? 100 : 0;
    const kind = page[head];
    if (kind !== LEAF && kind !== INTERIOR) throw new Error('a page of another kind');
    const first = head + (kind === LEAF ? 8 : 12);
    const cells = Array.from({ length: page.readUInt16BE(head + 3) }, (_, cell) => page.readUInt16BE(first + 2 * cell));
    if (kind === LEAF) {
      const found = cells.map((cell) => tableAt(page, cell)).find((table) => table.name === name);
      if (found !== undefined) return found.root;
    } else pages.push(...cells.map((cell) => page.readUInt32BE(cell)), page.readUInt32BE(head + 8));
  }
  return undefined;
}

/** A record of the table of tables: type, name, table, root page, statement. */
function tableAt(page: Buffer, cell: number): { readonly name: string; readonly root: number } {
  const [, afterSize] = varint(page, cell);
  const [, start] = varint(page, afterSize);
  const [length, afterLength] = varint(page, start);
  const sizes: number[] = [];
  for (let at = afterLength; at < start + length;) {
    const [kind, next] = varint(page, at);
    sizes.push(sizeOf(kind));
    at = next;
  }
  const [type = 0, name = 0, table = 0, root = 0] = sizes;
  const body = start + length;
  const isTable = page.toString('utf8', body, body + type) === 'table';
  const rootAt = body + type + name + table;
  return {
    name: isTable ? page.toString('utf8', body + type, body + type + name) : '',
    root: root === 0 ? 1 : page.readUIntBE(rootAt, root),
  };
}

/** The bytes of a value of this kind: numbers have 1 to 8, texts are of any length. */
function sizeOf(kind: number): number {
  if (kind >= 12) return Math.floor((kind - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][kind] ?? 0;
}

function varint(page: Buffer, at: number): readonly [value: number, next: number] {
  let value = 0;
  for (let byte = 0; byte < 8; byte += 1) {
    const bits = page.readUInt8(at + byte);
    value = value * 128 + (bits & 0x7f);
    if (bits < 0x80) return [value, at + byte + 1];
  }
  throw new Error('a number that is too large');
}

/**
 * Where the write-ahead log has the newest form of each page that was committed, in bytes. It may have hundreds of megabytes, as
 * SQLite starts it anew only when nobody reads, so no page of it is kept in memory.
 */
async function pagesInLog(log: FileHandle, size: number): Promise<ReadonlyMap<number, number>> {
  const committed = new Map<number, number>();
  let pending = new Map<number, number>();
  const frame = FRAME_HEADER + size;
  const salts = Buffer.alloc(8);
  await log.read(salts, 0, 8, 16);
  const buffer = Buffer.alloc(Math.floor(LOOK_BYTES / frame) * frame);
  for (let at = WAL_HEADER; ; at += buffer.length) {
    const { bytesRead } = await log.read(buffer, 0, buffer.length, at);
    for (let head = 0; head + frame <= bytesRead; head += frame) {
      // A frame of an earlier round has other salts.
      if (!buffer.subarray(head + 8, head + 16).equals(salts)) return committed;
      pending.set(buffer.readUInt32BE(head), at + head + FRAME_HEADER);
      if (buffer.readUInt32BE(head + 4) === 0) continue;
      for (const [number, place] of pending) committed.set(number, place);
      pending = new Map();
    }
    if (bytesRead < buffer.length) return committed;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return openToRead(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('a database that ends too early');
  return buffer;
}
