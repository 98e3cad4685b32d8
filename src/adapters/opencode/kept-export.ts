import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { openToChange, rename, rm, syncDirectory } from '../store/changes.ts';
import { openToRead } from '../store/open-to-read.ts';
import { makePrivateDirectory, replaceFile } from '../store/private-files.ts';
import { temporaryBeside } from '../store/temporary-name.ts';
import { MessageSchema, SessionExportSchema } from './session-copy.ts';
import { linesOf, writePieces, type SessionSource } from './session-files.ts';

// The export of the base that is kept: a line with what it is, a line for each message, and a line with the state of the
// base that it was made of, which is there only when the rest is.

const HeadSchema = z.object({ info: SessionExportSchema.shape.info });
const StateSchema = z.object({ time_updated: z.number(), messages: z.number() });
/** How kugetsu 0.1.0 kept it, in one object. */
const OldSchema = z.object({ time_updated: z.number(), session: SessionExportSchema });

const STATE_BYTES = 200;

/** The export that was kept of a base. */
export interface KeptExport {
  /** When the base had last changed; undefined for one that is not known to be of any state. */
  readonly timeUpdated: number | undefined;
  /** How many messages it has. */
  readonly messages: number;
  /** It from its beginning. @throws when it is damaged, also while its messages are read */
  readonly read: () => Promise<SessionSource>;
  readonly close: () => Promise<void>;
}

/** The export that was kept of the session `base` at `path`; undefined when there is none, or none that is whole. */
export async function openKept(path: string, base: string): Promise<KeptExport | undefined> {
  const kept = (await tryOpenKept(path)) ?? ((await renewed(path)) ? await tryOpenKept(path) : undefined);
  if (kept === undefined) return undefined;
  const source = await kept.read().catch(() => undefined);
  if (source?.info.id === base) return kept;
  await kept.close();
  return undefined;
}

async function tryOpenKept(path: string): Promise<KeptExport | undefined> {
  const file = await openToRead(path).catch(() => undefined);
  if (file === undefined) return undefined;
  const state = await stateOf(file).catch(() => undefined);
  if (state !== undefined) return keptIn(file, state.messages, state.time_updated);
  await file.close();
  return undefined;
}

/** The last line, which has the state. */
async function stateOf(file: FileHandle): Promise<z.infer<typeof StateSchema>> {
  const { size } = await file.stat();
  const length = Math.min(size, STATE_BYTES);
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
  const text = buffer.toString('utf8').trimEnd();
  return StateSchema.parse(JSON.parse(text.slice(text.lastIndexOf('\n') + 1)));
}

function keptIn(file: FileHandle, messages: number, timeUpdated: number | undefined): KeptExport {
  const read = async (): Promise<SessionSource> => {
    const lines = linesOf(file);
    const head = await lines.next();
    return { info: HeadSchema.parse(JSON.parse(head.value ?? '')).info, messages: keptMessages(lines, messages) };
  };
  return { timeUpdated, messages, read, close: async () => file.close() };
}

async function* keptMessages(
  lines: AsyncIterable<string>,
  count: number,
): AsyncGenerator<z.infer<typeof MessageSchema>> {
  let left = count;
  for await (const line of lines) {
    if (left === 0) return;
    yield MessageSchema.parse(JSON.parse(line));
    left -= 1;
  }
  if (left > 0) throw new SyntaxError('the cached export has fewer messages than its header says');
}

/** Gives a file of kugetsu 0.1.0 the form of today. @returns whether it was one */
async function renewed(path: string): Promise<boolean> {
  const file = await openToRead(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { session, time_updated } = OldSchema.parse(JSON.parse(await file.readFile('utf8')));
    const lines = [{ info: session.info }, ...session.messages, { time_updated, messages: session.messages.length }];
    await replaceFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return true;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** An export that is not kept yet. */
export interface NewExport extends KeptExport {
  /** Keeps it as that of a base which has last changed then. */
  readonly keep: (timeUpdated: number) => Promise<void>;
  /** Closes it, and removes it unless it was kept. */
  readonly close: () => Promise<void>;
}

/** Writes a session beside `path`, where it can be kept. */
export async function writeNewExport(path: string, { info, messages }: SessionSource): Promise<NewExport> {
  await makePrivateDirectory(dirname(path));
  const temporary = temporaryBeside(path);
  const remove = async (): Promise<void> => rm(temporary, { force: true });
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    yield `${JSON.stringify({ info })}\n`;
    for await (const message of messages) {
      yield `${JSON.stringify(message)}\n`;
      count += 1;
    }
  }
  try {
    await writePieces(temporary, lines());
    const kept = keptIn(await openToRead(temporary), count, undefined);
    return {
      ...kept,
      keep: async (timeUpdated) => putInPlace(temporary, path, { time_updated: timeUpdated, messages: count }),
      close: async () => kept.close().finally(remove),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function putInPlace(temporary: string, path: string, state: z.infer<typeof StateSchema>): Promise<void> {
  const file = await openToChange(temporary, 'a', 0o600);
  try {
    await file.append(`${JSON.stringify(state)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}
