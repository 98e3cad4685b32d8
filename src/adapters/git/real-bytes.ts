import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeScratch, rm } from '../store/changes.ts';
import { exists } from '../store/paths.ts';
import { scratchPrefix } from '../store/scratch.ts';
import { convertedPaths, filterOf, filtersAt } from './conversions.ts';
import { git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { lfsDirectory } from './isolation.ts';
import { treeOfEntries, writeBlobs } from './save-index.ts';
import { commitTree, type Saver } from './saving.ts';

interface FilteredFiles {
  readonly repository: string;
  readonly place: GitPlace;
  /** The place with the index that has what was saved. */
  readonly indexed: GitPlace;
  readonly head: string | undefined;
  /** The commit that was saved. */
  readonly parent: string | undefined;
  /** Files whose filter failed. */
  readonly failed: readonly string[];
}

/**
 * Saves files as they are on disk where that is not what would come back from git: a filter may keep their content where
 * nobody finds it any more, or drop a part of it. What git-lfs has in the repository is not saved again.
 */
export async function saveRealBytes(saver: Saver, files: FilteredFiles): Promise<void> {
  const paths = [...(await differing(files)), ...files.failed];
  const regular = await Promise.all(paths.map(async (path) => regularFile(files.place.cwd, path)));
  const found = regular.filter((file) => file !== undefined);
  if (found.length === 0) return;
  const { place } = files;
  const blobs = await writeBlobs(
    place,
    place.cwd,
    found.map(({ path }) => path),
  );
  const attributes = await git(['hash-object', '-w', '--stdin'], { ...place, input: AS_THEY_ARE });
  const entries = found.map(({ path, mode }, index) => ({ path: inert(path), mode, object: blobs[index] ?? '' }));
  const tree = await treeOfEntries(place, [
    { mode: '100644', object: attributes.trim(), path: '.gitattributes' },
    ...entries,
  ]);
  const parents = files.parent === undefined ? [] : [files.parent];
  const commit = await commitTree(
    { tree, parents, message: `Files as they were on disk, saved as ${saver.ref}` },
    place,
  );
  await saver.keep('bytes', commit, '-bytes');
}

// Nothing may change them when they are checked out.
const AS_THEY_ARE = '* -filter -text -ident -working-tree-encoding\n';

/** Attributes that came back with the files would hold for them, and run the filter again: they get another name. */
function inert(path: string): string {
  return path.replace(/(^|\/)\.gitattributes$/, '$1.gitattributes-saved');
}

interface RegularFile {
  readonly path: string;
  readonly mode: string;
}

async function regularFile(worktree: string, path: string): Promise<RegularFile | undefined> {
  const stat = await lstat(join(worktree, path)).catch(() => undefined);
  if (stat?.isFile() !== true) return undefined;
  return { path, mode: (stat.mode & 0o100) === 0 ? '100644' : '100755' };
}

/** Files that git would give back with another content than they have. */
async function differing(files: FilteredFiles): Promise<string[]> {
  const { place, indexed, head, failed } = files;
  const all = ['ls-files', '-z', '--cached'];
  const changed = head === undefined ? all : ['diff-index', '-z', '--cached', '--name-only', '--no-renames', head];
  const paths = (await git(changed, indexed)).split('\0').filter((path) => path !== '' && !failed.includes(path));
  const converted = await notGivenBack(await convertedPaths(paths, indexed), place.cwd, indexed);
  return [...new Set([...converted, ...(await differingByFilter(files))])];
}

async function differingByFilter({ repository, place, indexed, head }: FilteredFiles): Promise<string[]> {
  if ((await filtersAt(indexed)).size === 0) return [];
  const tracked = (await git(['ls-files', '-z', '--cached'], indexed)).split('\0').filter((path) => path !== '');
  const filters = await filterOf(tracked, indexed);
  if (filters.size === 0) return [];
  const byLfs = [...filters].filter(([, { isLfs }]) => isLfs).map(([path]) => path);
  const others = [...filters].filter(([, { isLfs }]) => !isLfs).map(([path]) => path);
  const changed = head === undefined ? byLfs : await changedOf(byLfs, head, indexed);
  const lost = await notInStore(changed, { repository, indexed });
  return [...lost, ...(await notGivenBack(others, place.cwd, indexed))];
}

async function changedOf(paths: readonly string[], head: string, indexed: GitPlace): Promise<string[]> {
  const printed = await git(['diff-index', '-z', '--cached', '--name-only', '--no-renames', head], indexed);
  const changed = new Set(printed.split('\0'));
  return paths.filter((path) => changed.has(path));
}

/** Those whose content git-lfs does not have in the repository. */
async function notInStore(
  paths: readonly string[],
  { repository, indexed }: Pick<FilteredFiles, 'repository' | 'indexed'>,
): Promise<string[]> {
  if (paths.length === 0) return [];
  const store = await lfsDirectory(repository, indexed.env);
  const found = await Promise.all(
    paths.map(async (path) => {
      const { stdout } = await tryGit(['cat-file', 'blob', `:${path}`], indexed);
      const [, oid] = /^version [^\n]+\n(?:[^\n]+\n)*?oid sha256:([0-9a-f]{64})\n/.exec(stdout) ?? [];
      if (oid === undefined) return path;
      return (await exists(join(store, 'objects', oid.slice(0, 2), oid.slice(2, 4), oid))) ? undefined : path;
    }),
  );
  return found.filter((path) => path !== undefined);
}

/** Those that git would write with another content, or not at all: it is asked to, in another place. */
async function notGivenBack(paths: readonly string[], worktree: string, indexed: GitPlace): Promise<string[]> {
  if (paths.length === 0) return [];
  const given = await makeScratch(scratchPrefix('files'), { files: {}, links: {} });
  try {
    const input = paths.map((path) => `${path}\0`).join('');
    await tryGit(['checkout-index', '-z', '--stdin', '--force', '--quiet', `--prefix=${given}/`], {
      ...indexed,
      input,
    });
    const same = await Promise.all(paths.map(async (path) => isSameFile(join(worktree, path), join(given, path))));
    return paths.filter((_path, index) => same[index] !== true);
  } finally {
    await rm(given, { recursive: true, force: true });
  }
}

/** Whether two regular files have the same content; false when one of them cannot be read. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map(async (path) => lstat(path).catch(() => undefined)));
  if (first?.isFile() !== true || second?.isFile() !== true || first.size !== second.size) return false;
  const [sum, otherSum] = await Promise.all([one, other].map(async (path) => sumOf(path).catch(() => undefined)));
  return sum !== undefined && sum === otherSum;
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
