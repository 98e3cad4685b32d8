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
// SQLite starts its log anew at 1000 pages unless a reader holds it.
const LARGEST_LOG = 64 * 1024 * 1024;

type ReadPage = (number: number) => Promise<Buffer>;

/**
 * Whether the table `name` of the database at `path` has rows; no when there is no such file or table.
 *
 * @throws when that cannot be seen: a file of another kind, or one that changes meanwhile
 */
export async function tableHasRows(path: string, name: string): Promise<boolean> {
  const file = await openIfThere(path);
  if (file === undefined) return false;
  try {
    const header = await bytesAt(file, 0, 100);
    if (header.toString('latin1', 0, 15) !== 'SQLite format 3') throw new Error(`${path} is no database`);
    const stored = header.readUInt16BE(16);
    const size = stored === 1 ? 65_536 : stored;
    const changed = await pagesInLog(`${path}-wal`, size);
    const read: ReadPage = async (number) => changed.get(number) ?? bytesAt(file, (number - 1) * size, size);
    const root = await rootOf(read, name);
    if (root === undefined) return false;
    const page = await read(root);
    return page[0] !== LEAF || page.readUInt16BE(3) > 0;
  } finally {
    await file.close();
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

/** The newest form of each page that the write-ahead log has of what was committed. */
async function pagesInLog(path: string, size: number): Promise<ReadonlyMap<number, Buffer>> {
  const file = await openIfThere(path);
  const committed = new Map<number, Buffer>();
  if (file === undefined) return committed;
  try {
    if ((await file.stat()).size > LARGEST_LOG) throw new Error(`${path} is too large`);
    const log = await file.readFile();
    const salts = log.subarray(16, 24);
    let pending = new Map<number, Buffer>();
    for (let at = WAL_HEADER; at + FRAME_HEADER + size <= log.length; at += FRAME_HEADER + size) {
      // A frame of an earlier round has other salts.
      if (!log.subarray(at + 8, at + 16).equals(salts)) break;
      pending.set(log.readUInt32BE(at), log.subarray(at + FRAME_HEADER, at + FRAME_HEADER + size));
      if (log.readUInt32BE(at + 4) === 0) continue;
      for (const [number, page] of pending) committed.set(number, page);
      pending = new Map();
    }
    return committed;
  } finally {
    await file.close();
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
