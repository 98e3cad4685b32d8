import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gunzip } from 'node:zlib';
import * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import type { PackLimits } from '../engine/agent-engine.ts';
import { MessageSchema, SessionExportSchema } from './session-copy.ts';
import type { SessionMessage, SessionSource } from './session-files.ts';

// A session that goes to another machine: a line with what it is and a line for each message, compressed. The same session is
// the same bytes.

const HeadSchema = z.object({ info: SessionExportSchema.shape.info });
const NEWLINE = 10;
const MEGABYTE = 1024 * 1024;

/** @throws AppError `session_too_large` (exit code 1) */
export async function pack(session: SessionSource, { bytes, unpackedBytes }: PackLimits): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let size = 0;
  const keep = async (packed: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of packed) {
      size += piece.length;
      if (size > bytes) throw tooLarge(bytes, 'compressed');
      pieces.push(piece);
    }
  };
  await pipeline(Readable.from(linesOf(session, unpackedBytes)), createGzip(), keep);
  return Buffer.concat(pieces);
}

async function* linesOf({ info, messages }: SessionSource, most: number): AsyncGenerator<string> {
  let left = most;
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`;
    left -= Buffer.byteLength(text);
    if (left < 0) throw tooLarge(most, 'uncompressed');
    return text;
  };
  yield line({ info });
  for await (const message of messages) yield line(message);
}

/** @returns the session from its beginning @throws AppError `opencode_unexpected` when it is damaged, also while its messages are read */
export async function unpack(
  packed: Uint8Array,
  { unpackedBytes }: Pick<PackLimits, 'unpackedBytes'>,
): Promise<() => SessionSource> {
  const text = await promisify(gunzip)(packed, { maxOutputLength: unpackedBytes }).catch(damaged);
  const end = text.indexOf(NEWLINE);
  const { info } = parsed(HeadSchema, text.subarray(0, Math.max(0, end)));
  return () => ({ info, messages: messagesIn(text.subarray(end + 1)) });
}

function* messagesIn(text: Buffer): Generator<SessionMessage> {
  for (let start = 0; start < text.length;) {
    const next = text.indexOf(NEWLINE, start);
    const end = next === -1 ? text.length : next;
    yield parsed(MessageSchema, text.subarray(start, end));
    start = end + 1;
  }
}

function parsed<S extends z.ZodMiniType>(schema: S, line: Buffer): z.output<S> {
  try {
    return schema.parse(JSON.parse(line.toString('utf8')));
  } catch (error) {
    return damaged(error);
  }
}

function damaged(error: unknown): never {
  throw new AppError('opencode_unexpected', 'the packed session is damaged', {
    hint: 'on the host that pushed it, run: kugetsu fleet base push',
    cause: error,
  });
}

function tooLarge(bytes: number, what: string): AppError {
  const message = `the session is larger than ${Math.floor(bytes / MEGABYTE)} MB ${what}`;
  return new AppError('session_too_large', message, {
    hint: 'to make a base session that has read less, run: kugetsu init --force',
  });
}
