import { dirname, join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { encodedPaths, filteredPaths } from './conversions.ts';
import { gitFailure, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { lfsFailure } from './lfs.ts';
import { exists, isInside } from '../store/paths.ts';
import { objectName, isEmptyTree } from './object-name.ts';
import { saveRealBytes } from './real-bytes.ts';
import { saveIndex } from './save-index.ts';
import { commitTree, treeOf, type Saver } from './saving.ts';
import { commitOf, withTemporaryIndex, type Git } from './temporary-index.ts';

interface FilesToSave {
  readonly repository: string;
  readonly place: GitPlace & { readonly metadata: string };
  /** Repositories inside the worktree, by their paths in it. */
  readonly nested: readonly string[];
  /** Whether a new worktree is to take its place, which needs what its filters need. */
  readonly replaced: boolean;
}

/**
 * Saves the files of a worktree, what is staged in it, and its HEAD.
 *
 * @returns paths of files that git could not save, in the worktree
 * @throws AppError `git_failed`, `lfs_*` when something else could not be saved
 */
export async function saveFiles(saver: Saver, files: FilesToSave): Promise<string[]> {
  const { place } = files;
  const head = await commitOf('HEAD', place);
  return withTemporaryIndex(place, async (git_, indexed) => {
    const staged = await saveIndex(place, { head, message: `Index saved as ${saver.ref}` });
    if (head !== undefined) await git_(['read-tree', head]);
    const { unsaved, filtered } = await addEverything(files, indexed);
    await addForced(place, git_);
    const tree = objectName(await git_(['write-tree']));
    const unchanged = head !== undefined && (await treeOf(head, place)) === tree;
    const parents = [head, staged].filter((parent) => parent !== undefined);
    let saved = head;
    if (unchanged && staged === undefined) await saver.keepTip('files', head, '');
    else if (head !== undefined || staged !== undefined || !isEmptyTree(tree)) {
      saved = await commitTree({ tree, parents, message: `Work saved as ${saver.ref}` }, place);
      await saver.keep('files', saved, '');
    }
    await saveRealBytes(saver, { ...files, indexed, head, parent: saved, failed: filtered });
    return unsaved;
  });
}

interface Added {
  /** What git could not add. */
  readonly unsaved: readonly string[];
  /** What a filter of the user's, or another encoding, failed on. */
  readonly filtered: readonly string[];
}

const ADD = ['-c', 'core.safecrlf=false', 'add', '--all', '--ignore-errors'];
const FROM_INPUT = ['--pathspec-from-file=-', '--pathspec-file-nul'];

/** Adds all that git can add. A file that it cannot read keeps no other one out. */
async function addEverything(
  { nested, replaced }: FilesToSave,
  indexed: GitPlace,
): Promise<Added & { unsaved: string[] }> {
  const add = async (excluded: readonly string[]): ReturnType<typeof tryGit> =>
    tryGit([...ADD, ...FROM_INPUT], {
      ...indexed,
      input: ['.', ...excluded.map((path) => `:(exclude,literal)${path}`)].join('\0'),
    });
  const first = await add(nested);
  if (first.exitCode === 0) return { unsaved: [], filtered: [] };
  if (/No space left on device|Disk quota exceeded/i.test(first.stderr) || first.timedOut) {
    throw await gitFailure(['add'], indexed, first);
  }
  const lfs = lfsFailure(first.stderr);
  if (replaced && lfs !== undefined) throw lfs;
  const missing = await notAdded(indexed, nested);
  const filtered = [...(await filteredPaths(missing, indexed)), ...(await encodedPaths(missing, indexed))];
  if (filtered.length > 0) await add([...nested, ...filtered]);
  // What lies outside of a sparse checkout is added by its name only.
  const others = await notAdded(indexed, [...nested, ...filtered]);
  const named = ['-c', 'core.safecrlf=false', 'add', '--sparse', '--ignore-errors', ...FROM_INPUT];
  const input = others.map((path) => `:(literal)${path}`).join('\0');
  if (others.length > 0) await tryGit(named, { ...indexed, input });
  const unsaved = await notAdded(indexed, [...nested, ...filtered]);
  return { unsaved, filtered };
}

/** The files that are there and are not, or not as they are, in an index; without what lies in `left`. */
async function notAdded(indexed: GitPlace, left: readonly string[]): Promise<string[]> {
  const listed = await Promise.all(
    [
      ['ls-files', '-z', '--others', '--exclude-standard'],
      ['diff-files', '-z', '--name-only', '--no-renames', '--diff-filter=d', '--ignore-submodules=all'],
    ].map(async (args) => {
      const result = await tryGit(args, indexed);
      if (result.exitCode !== 0) throw await gitFailure(args, indexed, result);
      return result.stdout.split('\0');
    }),
  );
  const isLeft = (path: string): boolean => left.some((each) => path === each || path.startsWith(`${each}/`));
  return [...new Set(listed.flat())].filter((path) => path !== '' && !isLeft(path));
}

/** Files that are ignored but were staged all the same are somebody's work. */
async function addForced(place: GitPlace, git_: Git): Promise<void> {
  const listed = await tryGit(['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'], place);
  if (listed.exitCode !== 0) return;
  const paths = listed.stdout.split('\0').filter((path) => path !== '');
  const present = await Promise.all(
    paths.map(async (path) => {
      const there =
        (await exists(join(place.cwd, path))) && (await isInside(place.cwd, dirname(join(place.cwd, path))));
      return there ? path : undefined;
    }),
  );
  const forced = present.filter((path) => path !== undefined);
  if (forced.length === 0) return;
  await git_(['add', '--force', ...FROM_INPUT], forced.map((path) => `:(literal)${path}`).join('\0'));
}

/** Whether git failed at something that another way of keeping the work does not need. */
export function canBeMovedInstead(error: unknown): error is AppError {
  if (!(error instanceof AppError) || error.code !== 'git_failed') return false;
  return !/No space left on device|Disk quota exceeded/i.test(error.details ?? '');
}
