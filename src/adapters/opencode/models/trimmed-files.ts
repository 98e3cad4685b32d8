import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../../util/loose-object.ts';
import { readTextIfExists, replaceFile, touchFile, unlinkFile } from '../../store/private-files.ts';
import { parseCatalogue, type KnownProviders } from './catalogue-text.ts';
import { embeddedCatalogue } from './embedded-catalogue.ts';

// The directory has an index of opencode's catalogue, so that its five megabytes are read only when they have changed, and trimmed
// catalogues that are named after what is in them: two processes that make one make the same, and one that is damaged is seen.

const DAY_MS = 24 * 60 * 60 * 1000;
/** An opencode reads its catalogue again while it runs, so a file is kept much longer than any run takes. */
const KEPT_DAYS = 7;

const IndexSchema = z.object({
  source: z.string(),
  providers: z.record(z.string(), z.array(z.string())),
  made: z.record(z.string(), z.string()),
});

type Index = z.infer<typeof IndexSchema>;

/** opencode's catalogue, and what was trimmed of it. */
export interface TrimmedFiles {
  readonly providers: KnownProviders;
  /** The file with these providers alone. @returns its path, and the text that is in it */
  readonly with: (ids: ReadonlySet<string>) => Promise<{ readonly path: string; readonly text: string } | undefined>;
}

/** Where opencode has its catalogue from. */
export interface CatalogueSource {
  /** The `models.json` that it fetches and renews. */
  readonly fetched: string;
  /** Its program, which has one built in: it counts where there is no other. */
  readonly program: string;
}

/**
 * What is kept in `directory` of opencode's catalogue; undefined when there is none that is understood.
 *
 * @throws when a file cannot be read or written
 */
export async function trimmedFiles(directory: string, places: CatalogueSource): Promise<TrimmedFiles | undefined> {
  const fetched = await stampOf(places.fetched);
  const stamp = fetched ?? (await stampOf(places.program));
  if (stamp === undefined) return undefined;
  let text: string | undefined;
  const read = async (): Promise<string> => {
    text ??= fetched === undefined ? await embeddedCatalogue(places.program) : await readTextIfExists(places.fetched);
    return text ?? '';
  };
  const indexPath = join(directory, 'index.json');
  const kept = IndexSchema.safeParse(parseJson((await readTextIfExists(indexPath)) ?? '')).data;
  const index = kept?.source === stamp ? kept : newIndex(await read(), stamp);
  const none = Object.keys(index.providers).length === 0;
  // A program that has none is not looked through again.
  if (none && index !== kept) await replaceFile(indexPath, JSON.stringify(index));
  if (none) return undefined;
  return {
    providers: index.providers,
    with: async (ids) => {
      const key = Object.keys(index.providers)
        .filter((id) => ids.has(id))
        .join(' ');
      const known = await readWhole(directory, index.made[key] ?? '');
      if (known !== undefined) return known;
      const trimmed = parseCatalogue(await read())?.only(ids);
      if (trimmed === undefined) return undefined;
      const name = nameOf(trimmed);
      await replaceFile(join(directory, name), trimmed);
      await replaceFile(indexPath, JSON.stringify({ ...index, made: { ...index.made, [key]: name } }));
      await removeUnused(directory);
      return { path: join(directory, name), text: trimmed };
    },
  };
}

/** Something that is another for each file that is put there: opencode replaces its own whole. */
async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? [path, found.ino, found.size, found.mtimeMs].join(' ') : undefined;
}

function newIndex(text: string, source: string): Index {
  const catalogue = parseCatalogue(text);
  const providers = Object.fromEntries(
    Object.entries(catalogue?.providers ?? {}).map(([id, names]) => [id, [...names]]),
  );
  return { source, providers, made: {} };
}

/** A trimmed catalogue that is as it was written. */
async function readWhole(directory: string, name: string): Promise<{ path: string; text: string } | undefined> {
  const path = join(directory, name);
  const text = name === '' ? undefined : await readTextIfExists(path);
  if (text === undefined || nameOf(text) !== name) return undefined;
  const { mtimeMs } = await stat(path);
  if (Date.now() - mtimeMs > DAY_MS) await touchFile(path);
  return { path, text };
}

function nameOf(text: string): string {
  return `kugetsu-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`;
}

/** Whether a path is that of a trimmed catalogue, of any home. */
export function isTrimmedFile(path: string): boolean {
  return /\/kugetsu-[0-9a-f]{16}\.json$/.test(path);
}

async function removeUnused(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY);
    if (name !== 'index.json' && age > KEPT_DAYS * DAY_MS) await unlinkFile(path);
  }
}
