import type { FileHandle } from 'node:fs/promises';
import { openToChange } from '../store/changes.ts';
import { MessageSchema, SessionExportSchema, type SessionExport } from './session-copy.ts';

// A base session that has read a project has tens of megabytes: of a session in a file, one message at a time is in memory.

/** A session whose messages are read while they are used, once. */
export interface SessionSource {
  readonly info: SessionExport['info'];
  readonly messages: Iterable<SessionMessage> | AsyncIterable<SessionMessage>;
}

/** A message of a session, with its parts. */
export type SessionMessage = SessionExport['messages'][number];

const CHUNK = 1024 * 1024;
const NEWLINE = 10;
const MODE = 0o600;

// How `JSON.stringify(session, null, 2)` begins and ends the messages and each of them: no string has a line end in it.
const MESSAGES_BEGIN = '  "messages": [';
const MESSAGES_END = /^ {2}\],?$/;
const MESSAGE_END = /^ {4}\},?$/;

/** The lines of a file without their ends; of a large file, as much as one line is in memory. */
export async function* linesOf(file: FileHandle): AsyncGenerator<string, undefined> {
  const rest: Buffer[] = [];
  for (let position = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const data = buffer.subarray(0, bytesRead);
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...rest.splice(0), data.subarray(start, end)]).toString('utf8');
      start = end + 1;
    }
    rest.push(data.subarray(start));
  }
  const last = Buffer.concat(rest).toString('utf8');
  if (last !== '') yield last;
  return undefined;
}

/**
 * Reads what `opencode export` printed.
 *
 * @param clean goes over each piece of it, which is JSON
 * @throws SyntaxError or a schema's error, also while the messages are read, when it is no session or not a whole one
 */
export async function readExport(file: FileHandle, clean: (json: string) => string): Promise<SessionSource> {
  const lines = linesOf(file);
  const head: string[] = [];
  for (let next = await lines.next(); next.value !== undefined; next = await lines.next()) {
    head.push(next.value);
    if (next.value === MESSAGES_BEGIN) {
      const { info } = SessionExportSchema.parse(JSON.parse(clean(`${head.join('\n')}]}`)));
      return { info, messages: printedMessages(lines, clean) };
    }
  }
  return SessionExportSchema.parse(JSON.parse(clean(head.join('\n'))));
}

async function* printedMessages(
  lines: AsyncIterable<string>,
  clean: (json: string) => string,
): AsyncGenerator<SessionMessage> {
  const message: string[] = [];
  for await (const line of lines) {
    if (MESSAGES_END.test(line)) return;
    const ends = MESSAGE_END.test(line);
    message.push(ends ? '}' : line);
    if (ends) yield MessageSchema.parse(JSON.parse(clean(message.splice(0).join('\n'))));
  }
  throw new SyntaxError('the export ends in the middle of the messages');
}

/** Writes pieces of text into a new file, mode 0600, as they come. */
export async function writePieces(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const file = await openToChange(path, 'wx', MODE);
  try {
    let waiting = '';
    for await (const piece of pieces) {
      waiting += piece;
      if (waiting.length < CHUNK) continue;
      await file.append(waiting);
      waiting = '';
    }
    await file.append(waiting);
  } finally {
    await file.close();
  }
}

/** A session as `opencode import` reads it, piece by piece. */
export async function* importPieces({ info, messages }: SessionSource): AsyncGenerator<string> {
  yield `{"info":${JSON.stringify(info)},"messages":[`;
  let separator = '';
  for await (const message of messages) {
    yield `${separator}${JSON.stringify(message)}`;
    separator = ',';
  }
  yield ']}';
}
