import { git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { objectName, isEmptyTree } from './object-name.ts';
import { commitTree, treeOf } from './saving.ts';
import { withTemporaryIndex } from './temporary-index.ts';

/** An entry of an index: git-ls-files(1), `--stage`. */
interface IndexEntry {
  readonly mode: string;
  readonly object: string;
  /** 0, or the side of a conflict: git-read-tree(1), "3-way merge". */
  readonly stage: string;
  readonly path: string;
}

/**
 * What is staged and may be nowhere else, as a commit on `head`; undefined when that is what `head` has, or cannot be read.
 * Of a file in conflict it has the side of HEAD.
 */
export async function saveIndex(
  place: GitPlace,
  { head, message }: { readonly head: string | undefined; readonly message: string },
): Promise<string | undefined> {
  const tree = await indexTree(place);
  if (tree === undefined) return undefined;
  if (head !== undefined && (await treeOf(head, place)) === tree) return undefined;
  if (head === undefined && isEmptyTree(tree)) return undefined;
  return commitTree({ tree, parents: head === undefined ? [] : [head], message }, place);
}

async function indexTree(place: GitPlace): Promise<string | undefined> {
  const written = await tryGit(['write-tree'], place);
  if (written.exitCode === 0) return objectName(written.stdout);
  const entries = await indexEntries(place);
  if (entries === undefined) return undefined;
  const chosen = new Map<string, IndexEntry>();
  // One's own side (2) before theirs (3) and the base (1).
  const order = ['1', '3', '2', '0'];
  for (const entry of entries.toSorted((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage))) {
    chosen.set(entry.path, entry);
  }
  const tree = await treeOfEntries(place, [...chosen.values()]).catch(() => undefined);
  return tree;
}

/** What the index of a place has in conflict, by side and path, for {@link treeOfEntries}. */
export async function conflictSides(place: GitPlace): Promise<IndexEntry[]> {
  const entries = (await indexEntries(place)) ?? [];
  return entries
    .filter(({ stage }) => stage !== '0')
    .map((entry) => ({ ...entry, path: `conflicts/${entry.stage}/${entry.path}` }));
}

async function indexEntries(place: GitPlace): Promise<IndexEntry[] | undefined> {
  const { exitCode, stdout } = await tryGit(['ls-files', '-z', '--stage'], place);
  if (exitCode !== 0) return undefined;
  return stdout.split('\0').flatMap((line) => {
    const [, mode = '', object = '', stage = '', path = ''] = /^(\d+) ([0-9a-f]+) (\d)\t([^]*)$/.exec(line) ?? [];
    return path === '' ? [] : [{ mode, object, stage, path }];
  });
}

/** A tree with these entries, and with trees under other paths. @returns its name */
export async function treeOfEntries(
  place: GitPlace,
  entries: readonly Omit<IndexEntry, 'stage'>[],
  trees: readonly { readonly tree: string; readonly path: string }[] = [],
): Promise<string> {
  return withTemporaryIndex(place, async (git_) => {
    const input = entries.map(({ mode, object, path }) => `${mode} ${object}\t${path}\0`).join('');
    await git_(['update-index', '-z', '--add', '--index-info'], input);
    for (const { tree, path } of trees) await git_(['read-tree', `--prefix=${path}/`, tree]);
    return objectName(await git_(['write-tree', '--missing-ok']));
  });
}

/** Writes files of a directory as they are, without any filter. @returns their names as objects, in the same order */
export async function writeBlobs(place: GitPlace, directory: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const args = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
  // Their names in it: that of the directory itself may have more than one line.
  const input = paths.map((path) => `${linePath(path)}\n`).join('');
  const printed = await git(args, { ...place, cwd: directory, input });
  return printed.trim().split('\n').map(objectName);
}

/**
 * A path as git takes it where it reads one a line: git-config(1), `core.quotePath`, has the form of those in quotes. Others
 * would end, or begin, elsewhere.
 */
function linePath(path: string): string {
  if (!/[\n\r]|^"/.test(path)) return path;
  const escaped = path
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`);
  return `"${escaped}"`;
}
