import { AppError, errnoOf } from '../../util/errors.ts';
import { contextTokens } from './context-tokens.ts';
import { inScratch, withSession, type ExportCleaner } from './export-session.ts';
import { openKept, writeNewExport, type KeptExport, type NewExport } from './kept-export.ts';
import { runOpencode, type OpencodeCli, type LeftToImport } from './opencode-cli.ts';
import type { StoredSession } from '../engine/agent-engine.ts';
import type { PermissionRule } from './permissions.ts';
import { copyInfo, messageCopier, newSessionId } from './session-copy.ts';
import { importPieces, writePieces, type SessionMessage, type SessionSource } from './session-files.ts';
import { describeStoredSessions, findTitledSessions } from './stored-sessions.ts';

/** How a copy is to be, of the session `base`. */
interface CopyOptions {
  readonly cli: OpencodeCli;
  /** A directory that stays, for the calls that are about no directory. */
  readonly cwd: string;
  readonly base: string;
  readonly title: string;
  readonly directory: string | Promise<string>;
  readonly whole?: Promise<unknown> | undefined;
  readonly permission: readonly PermissionRule[];
  readonly now: number;
}

interface ForkOptions extends CopyOptions {
  /** Keeps the export of the base; it is used as long as the base has not changed since. */
  readonly cache: string;
  readonly cleanExport: ExportCleaner;
  /** Called with how many tokens the conversation of the base takes, if its answers say that. */
  readonly onContext?: (tokens: number) => void;
}

/**
 * Copies `base` into `directory` by export and import, because opencode's own fork stays in the base's directory. The
 * export is taken from the cache first, and else made without waiting for the directory; the query that proves the copy
 * also tells whether the base has changed since, and then the copy is made again from a fresh export.
 *
 * @throws AppError `fork_not_proved` when opencode stored something else than was asked; the copy is deleted
 */
export async function forkSession(options: ForkOptions): Promise<string> {
  const kept = await openKept(options.cache, options.base);
  const copyOfKept = kept === undefined ? undefined : await forkKept(kept, options).finally(async () => kept.close());
  if (copyOfKept !== undefined) return told(copyOfKept, options);
  const fresh = await exportBase(options);
  try {
    const copy = await importCopy(fresh, options);
    await prove(copy, options);
    if (copy.base?.messages === fresh.messages) await fresh.keep(copy.base.time_updated);
    return told(copy, options);
  } finally {
    await fresh.close();
  }
}

function told({ id, tokens }: ImportedCopy, { onContext }: ForkOptions): string {
  if (tokens !== undefined) onContext?.(tokens);
  return id;
}

/**
 * Makes a session of one that opencode need not have.
 *
 * @throws AppError `fork_not_proved` when opencode stored something else than was asked; the copy is deleted
 */
export async function copyFrom(source: Readable, options: CopyOptions): Promise<string> {
  const copy = await importCopy(source, options);
  await prove(copy, options);
  return copy.id;
}

/** A copy made of the kept export; undefined when the base has changed since, or the export is damaged. */
async function forkKept(kept: KeptExport, options: ForkOptions): Promise<ImportedCopy | undefined> {
  const copy = await importCopy(kept, options).catch((error: unknown) => {
    if (error instanceof AppError || errnoOf(error) !== undefined) throw error;
    return undefined;
  });
  if (copy === undefined) return undefined;
  if (copy.base?.time_updated === kept.timeUpdated) {
    await prove(copy, options);
    return copy;
  }
  await deleteStoredSession(options.cli, copy.id, options.cwd);
  return undefined;
}

/**
 * Gives a session that is only in a file or in memory to opencode; the working directory becomes the session's.
 *
 * @returns how many messages and parts it was given
 */
export async function importSession(
  cli: OpencodeCli,
  { info, messages }: SessionSource,
  directory: string,
): Promise<{ readonly messages: number; readonly parts: number }> {
  const given = { messages: 0, parts: 0 };
  async function* counted(): AsyncGenerator<SessionMessage> {
    for await (const message of messages) {
      given.messages += 1;
      given.parts += message.parts.length;
      yield message;
    }
  }
  const whole = { info, messages: counted() };
  const left = cli.server === undefined ? apart(whole) : await cli.server.store(whole, directory);
  if (left === undefined) return given;
  if (left.isBegun) await deleteStoredSession(cli, info.id, directory);
  return inScratch('import', async (file) => {
    await writePieces(file, importPieces(left.source));
    await runOpencode(cli, ['import', file], directory);
    return given;
  });
}

function apart(source: SessionSource): LeftToImport {
  return { source, isBegun: false };
}

/** The base as opencode has it. @throws AppError `opencode_failed`, `opencode_unexpected` */
async function exportBase({ cli, base: id, cwd: directory, cache, cleanExport }: ForkOptions): Promise<NewExport> {
  return withSession({ cli, id, directory, cleanExport }, async (session) => writeNewExport(cache, session));
}

/** A session that can be read from its beginning, more than once. */
type Readable = Pick<KeptExport, 'read'>;

interface ImportedCopy {
  readonly id: string;
  readonly directory: string;
  readonly stored: StoredSession | undefined;
  readonly base: StoredSession | undefined;
  /** What opencode was given to store. */
  readonly given: { readonly messages: number; readonly parts: number };
  /** What its conversation takes; undefined when no answer says that. */
  readonly tokens: number | undefined;
}

async function importCopy(kept: Readable, options: CopyOptions): Promise<ImportedCopy> {
  const { cli, cwd, title, permission, now } = options;
  const directory = await options.directory;
  if ((await cli.server?.isUp()) === true) await options.whole;
  const id = newSessionId(now);
  try {
    const source = await kept.read();
    const info = copyInfo(source.info, { id, title, permission, now });
    let tokens: number | undefined;
    const messages = copied(source, id, (message) => {
      tokens = contextTokens(message.info) ?? tokens;
    });
    const given = await importSession(cli, { info, messages }, directory);
    const rows = await describeStoredSessions(cli, [id, options.base], cwd);
    const [stored, base] = [id, options.base].map((wanted) => rows.find((row) => row.id === wanted));
    return { id, directory, stored, base, given, tokens };
  } catch (error) {
    // An import is not one transaction, and one that was ended on its way leaves a part of a session.
    // One that hangs would hang again.
    if (!(error instanceof AppError && error.code === 'opencode_hangs')) await deleteStoredSession(cli, id, cwd);
    throw error;
  }
}

async function* copied(
  { info, messages }: SessionSource,
  id: string,
  onCopy: (message: SessionMessage) => void,
): AsyncGenerator<SessionMessage> {
  const copy = messageCopier(info, id);
  for await (const message of messages) {
    for (const made of copy(message)) {
      onCopy(made);
      yield made;
    }
  }
}

/** @throws AppError `fork_not_proved` */
async function prove({ id, directory, stored, given }: ImportedCopy, options: CopyOptions): Promise<void> {
  const { cli, cwd } = options;
  const wrong = whatIsWrong(stored, { directory, ...given });
  if (wrong === undefined) return;
  await deleteStoredSession(cli, id, cwd);
  if (stored === undefined) await deleteStray(options, directory);
  throw new AppError('fork_not_proved', `opencode did not store the fork as asked: ${wrong}`, {
    hint: 'nothing was run; try again, and check that this version of opencode is supported',
  });
}

/** Deletes the copy that opencode has stored under an id of its own: it has the title, the place and the time of birth. */
async function deleteStray({ cli, title, cwd, now }: CopyOptions, directory: string): Promise<void> {
  const found = await findTitledSessions(cli, title, cwd).catch(() => []);
  const strays = found.filter((row) => row.title === title && row.directory === directory && row.time_created === now);
  for (const { id } of strays) await deleteStoredSession(cli, id, cwd);
}

function whatIsWrong(
  stored: StoredSession | undefined,
  wanted: { readonly directory: string; readonly messages: number; readonly parts: number },
): string | undefined {
  if (stored === undefined) return 'the session is not there';
  if (stored.directory !== wanted.directory) {
    return `its directory is ${stored.directory} instead of ${wanted.directory}`;
  }
  if (stored.messages !== wanted.messages || stored.parts !== wanted.parts) {
    return `it has ${stored.messages} messages and ${stored.parts} parts instead of ${wanted.messages} and ${wanted.parts}`;
  }
  return undefined;
}

/** Deletes a session that was imported in vain, if that can be done. */
export async function deleteStoredSession(cli: OpencodeCli, id: string, directory: string): Promise<void> {
  // What is left behind is a session that nothing refers to.
  if ((await cli.server?.remove(id)) === true) return;
  await runOpencode(cli, ['session', 'delete', id], directory).catch(() => undefined);
}
