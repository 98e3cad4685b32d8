import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';

/** A filter of the user's configuration: gitattributes(5), "filter". */
interface Filter {
  readonly name: string;
  /** Whether it is git-lfs, whose store is known. */
  readonly isLfs: boolean;
}

/** The filters that git would run in a place. */
export async function filtersAt(place: GitPlace): Promise<Map<string, Filter>> {
  const args = ['config', '-z', '--get-regexp', String.raw`^filter\..*\.(clean|smudge|process)$`];
  const { stdout } = await tryGit(args, place);
  const filters = new Map<string, Filter>();
  for (const entry of stdout.split('\0')) {
    const [, name, command = ''] = /^filter\.([^]*)\.(?:clean|smudge|process)\n([^]*)$/.exec(entry) ?? [];
    if (name === undefined || command === '') continue;
    const isLfs = /\bgit[- ]lfs\b/.test(command) && filters.get(name)?.isLfs !== false;
    filters.set(name, { name, isLfs });
  }
  return filters;
}

/** Which filter the attributes of files name, for those that have one that git would run. */
export async function filterOf(paths: readonly string[], place: GitPlace): Promise<Map<string, Filter>> {
  const filters = await filtersAt(place);
  if (filters.size === 0 || paths.length === 0) return new Map();
  const printed = await git(['check-attr', '-z', '--stdin', 'filter'], {
    ...place,
    input: paths.map((path) => `${path}\0`).join(''),
  });
  const fields = printed.split('\0');
  const found = new Map<string, Filter>();
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const filter = filters.get(fields[at + 2] ?? '');
    if (filter !== undefined) found.set(fields[at] ?? '', filter);
  }
  return found;
}

/** Those of these files that have a filter. */
export async function filteredPaths(paths: readonly string[], place: GitPlace): Promise<string[]> {
  return [...(await filterOf(paths, place)).keys()];
}

// gitattributes(5), "Checking-out and checking-in": what git changes of a file by itself. Filters are run by name.
const ATTRIBUTES = ['text', 'crlf', 'eol', 'ident', 'working-tree-encoding'];

/** Those of these files whose text git keeps in another encoding than they have, and which it may not be able to read. */
export async function encodedPaths(paths: readonly string[], place: GitPlace): Promise<string[]> {
  return (await attributesOf(paths, place))
    .filter(({ name }) => name === 'working-tree-encoding')
    .map(({ path }) => path);
}

/**
 * Those of these files that git may give back with other line ends, another encoding or another `$Id$` than they have. Files
 * in which there is nothing for git to change are left out.
 */
export async function convertedPaths(paths: readonly string[], place: GitPlace): Promise<string[]> {
  const byAttribute = new Map<string, Set<string>>();
  for (const { path, name } of await attributesOf(paths, place)) {
    byAttribute.set(path, (byAttribute.get(path) ?? new Set()).add(name));
  }
  const always = await isConvertingLineEnds(place);
  const found: string[] = [];
  for (const path of paths) {
    const names = byAttribute.get(path) ?? new Set();
    if (names.has('working-tree-encoding')) found.push(path);
    else if ((always || names.size > 0) && (await hasSomethingToChange(join(place.cwd, path)))) found.push(path);
  }
  return found;
}

async function isConvertingLineEnds(place: GitPlace): Promise<boolean> {
  const { stdout } = await tryGit(['config', '--get', 'core.autocrlf'], place);
  return stdout.trim() !== '' && stdout.trim() !== 'false';
}

interface Attribute {
  readonly path: string;
  readonly name: string;
}

/** The attributes of these files by which git converts them. */
async function attributesOf(paths: readonly string[], place: GitPlace): Promise<Attribute[]> {
  if (paths.length === 0) return [];
  const input = paths.map((path) => `${path}\0`).join('');
  const fields = (await git(['check-attr', '-z', '--stdin', ...ATTRIBUTES], { ...place, input })).split('\0');
  const found: Attribute[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = '', name = '', value = ''] = fields.slice(at, at + 3);
    if (value !== 'unspecified' && value !== 'unset') found.push({ path, name });
  }
  return found;
}

/** Whether a file has a carriage return, or what `ident` replaces; false for one that cannot be read. */
async function hasSomethingToChange(path: string): Promise<boolean> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, { encoding: 'latin1' })) {
      const text = `${rest}${String(chunk)}`;
      if (/\r|\$Id/.test(text)) return true;
      rest = text.slice(-2);
    }
  } catch {
    return false;
  }
  return false;
}
