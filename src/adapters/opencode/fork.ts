import { randomBytes } from '../random.ts';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import { rm, writeFile } from '../store/changes.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';
import { runOpencode, type OpencodeCli } from './opencode-cli.ts';
import type { StoredSession } from './opencode.ts';
import type { PermissionRule } from './permissions.ts';
import { copySession, newSessionId, SessionExportSchema, type SessionExport } from './session-copy.ts';
import { describeStoredSessions, findTitledSessions } from './stored-sessions.ts';

const CachedExportSchema = z.object({ time_updated: z.number(), session: SessionExportSchema });

interface ForkOptions {
  readonly cli: OpencodeCli;
  /** A directory that stays, for the calls that are about no directory. */
  readonly cwd: string;
  readonly base: string;
  readonly title: string;
  readonly directory: string | Promise<string>;
  readonly permission: readonly PermissionRule[];
  /** Keeps the export of the base; it is used as long as the base has not changed since. */
  readonly cache: string;
  /** Takes out of an export, which is JSON, what no copy is to have. */
  readonly cleanExport: (json: string) => Promise<string>;
  readonly now: number;
}

/**
 * Copies `base` into `directory` by export and import, because opencode's own fork stays in the base's directory. The
 * export is taken from the cache first, and else made without waiting for the directory; the query that proves the copy
 * also tells whether the base has changed since, and then the copy is made again from a fresh export.
 *
 * @throws AppError `fork_not_proved` when opencode stored something else than was asked; the copy is deleted
 */
export async function forkSession(options: ForkOptions): Promise<string> {
  const cached = await readCachedExport(options.cache, options.base);
  if (cached !== undefined) {
    const copy = await importCopy(cached.session, options);
    if (copy.base?.time_updated === cached.time_updated) return proved(copy, cached.session, options);
    await deleteStoredSession(options.cli, copy.id, options.cwd);
  }
  const { cli, cwd, cleanExport: clean } = options;
  const source = await exportSession({ cli, id: options.base, directory: cwd, clean });
  const copy = await importCopy(source, options);
  const id = await proved(copy, source, options);
  const { base } = copy;
  if (base !== undefined && base.messages === source.messages.length) {
    await replaceFile(options.cache, JSON.stringify({ time_updated: base.time_updated, session: source }));
  }
  return id;
}

/** Gives a session that is only a file to opencode; the working directory becomes the session's. */
export async function importSession(cli: OpencodeCli, session: SessionExport, directory: string): Promise<void> {
  const file = join(temporaryDirectory(), `kugetsu-import-${randomBytes(8).toString('hex')}.json`);
  try {
    await writeFile(file, JSON.stringify(session), { mode: 0o600, flag: 'wx' });
    await runOpencode(cli, ['import', file], directory);
  } finally {
    await rm(file, { force: true });
  }
}

interface ExportRequest {
  readonly cli: OpencodeCli;
  readonly id: string;
  readonly directory: string;
  /** Goes over the export, which is JSON, before it is read. */
  readonly clean?: (json: string) => Promise<string>;
}

/** A session as opencode has it. @throws AppError `opencode_failed`, `opencode_unexpected` */
export async function exportSession({ cli, id, directory, clean }: ExportRequest): Promise<SessionExport> {
  const { stdout } = await runOpencode(cli, ['export', id], directory);
  const parsed = SessionExportSchema.safeParse(parseJson(clean === undefined ? stdout : await clean(stdout)));
  if (parsed.success) return parsed.data;
  throw new AppError('opencode_unexpected', `opencode export ${id} printed something that is not a session`, {
    details: stdout.slice(0, 4000),
    cause: parsed.error,
  });
}

interface ImportedCopy {
  readonly id: string;
  readonly directory: string;
  readonly stored: StoredSession | undefined;
  readonly base: StoredSession | undefined;
}

async function importCopy(source: SessionExport, options: ForkOptions): Promise<ImportedCopy> {
  const { cli, cwd, title, permission, now } = options;
  const directory = await options.directory;
  const id = newSessionId(now);
  try {
    await importSession(cli, copySession(source, { id, title, permission, now }), directory);
    const rows = await describeStoredSessions(cli, [id, options.base], cwd);
    const [stored, base] = [id, options.base].map((wanted) => rows.find((row) => row.id === wanted));
    return { id, directory, stored, base };
  } catch (error) {
    // An import is not one transaction, and one that was ended on its way leaves a part of a session.
    await deleteStoredSession(cli, id, cwd);
    throw error;
  }
}

async function proved(
  { id, directory, stored }: ImportedCopy,
  source: SessionExport,
  options: ForkOptions,
): Promise<string> {
  const { cli, cwd } = options;
  const wrong = whatIsWrong(stored, { directory, messages: source.messages.length, parts: partsOf(source) });
  if (wrong === undefined) return id;
  await deleteStoredSession(cli, id, cwd);
  if (stored === undefined) await deleteStray(options, directory);
  throw new AppError('fork_not_proved', `opencode did not store the fork as asked: ${wrong}`, {
    hint: 'nothing was run; try again, and check that this version of opencode is supported',
  });
}

/** Deletes the copy that opencode has stored under an id of its own: it has the title, the place and the time of birth. */
async function deleteStray({ cli, title, cwd, now }: ForkOptions, directory: string): Promise<void> {
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

/** How many parts the messages of a session have. */
export function partsOf({ messages }: SessionExport): number {
  return messages.reduce((total, { parts }) => total + parts.length, 0);
}

/** Deletes a session that was imported in vain, if that can be done. */
export async function deleteStoredSession(cli: OpencodeCli, id: string, directory: string): Promise<void> {
  // What is left behind is a session that nothing refers to.
  await runOpencode(cli, ['session', 'delete', id], directory).catch(() => undefined);
}

/** The export that was kept of the session `base`; undefined when there is none. */
export async function readCachedExport(
  cache: string,
  base: string,
): Promise<z.infer<typeof CachedExportSchema> | undefined> {
  const text = await readTextIfExists(cache).catch(() => undefined);
  if (text === undefined) return undefined;
  const cached = CachedExportSchema.safeParse(parseJson(text)).data;
  return cached?.session.info.id === base ? cached : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
