import { git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';

/** A filter of the user's configuration: gitattributes(5), "filter". */
export interface Filter {
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
