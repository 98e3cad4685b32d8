import { join } from 'node:path';
import { replaceFile } from '../store/private-files.ts';
import { pathExists } from '../store/paths.ts';
import { git, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { withTemporaryIndex } from './temporary-index.ts';

/** An operation of git's that can be under way in a worktree, as git-status(1) reports it. */
export interface Operation {
  /** As a person says it: `rebase`. */
  readonly name: string;
  /** What git is asked to go on, without `git` itself. */
  readonly goOn: string;
}

interface KnownOperation extends Operation {
  /** The file, or the directory, that is there while it is under way. */
  readonly file: string;
}

const KNOWN: readonly KnownOperation[] = [
  { file: 'rebase-apply/applying', name: 'am', goOn: 'am --continue' },
  { file: 'rebase-merge', name: 'rebase', goOn: 'rebase --continue' },
  { file: 'rebase-apply', name: 'rebase', goOn: 'rebase --continue' },
  { file: 'MERGE_HEAD', name: 'merge', goOn: 'merge --continue' },
  { file: 'CHERRY_PICK_HEAD', name: 'cherry-pick', goOn: 'cherry-pick --continue' },
  { file: 'REVERT_HEAD', name: 'revert', goOn: 'revert --continue' },
  { file: 'sequencer', name: 'series of picks or reverts', goOn: 'status' },
  { file: 'BISECT_LOG', name: 'bisect', goOn: 'bisect log' },
  { file: 'NOTES_MERGE_WORKTREE', name: 'merge of notes', goOn: 'notes merge --commit' },
];

/** Whether an operation is under way in the worktree with this git directory. */
export async function isOperationUnderWay(metadata: string): Promise<boolean> {
  for (const { file } of KNOWN) if (await pathExists(join(metadata, file))) return true;
  return false;
}

/** An operation that was under way when a worktree was saved. */
export interface SavedOperation extends Operation {
  /** Git's own files that belong to it, by their paths in the git directory of the worktree. */
  readonly files: readonly string[];
  /** Whether it was on a branch: a rebase is on none. */
  readonly onBranch: boolean;
}

// A new index says the same of the files; what else may be set or logged there belongs to the place and not to the operation.
const NOT_OF_IT = /^(?:HEAD|FETCH_HEAD|config\.worktree|COMMIT_EDITMSG|gc\.pid|info\/.*|logs\/.*)$/;

/** The operation of which `state`, a commit with git's own files, has what is needed to go on; undefined when there is none. */
export async function savedOperation(state: string, place: GitPlace): Promise<SavedOperation | undefined> {
  const listed = await tryGit(['ls-tree', '-r', '-z', '--name-only', `${state}:git`], place);
  if (listed.exitCode !== 0) return undefined;
  const files = listed.stdout.split('\0').filter((path) => path !== '' && !NOT_OF_IT.test(path));
  const known = KNOWN.find(({ file }) => files.some((path) => path === file || path.startsWith(`${file}/`)));
  if (known === undefined) return undefined;
  const head = await tryGit(['cat-file', 'blob', `${state}:git/HEAD`], place);
  return { name: known.name, goOn: known.goOn, files, onBranch: head.stdout.startsWith('ref: ') };
}

/**
 * Puts git's own files of an operation, and the index that it had, back into the git directory of a worktree, whose HEAD has to
 * be what it was then. A rebase ends on no branch: others may use that of its beginning.
 */
export async function restoreOperation(
  state: string,
  { files, onBranch }: SavedOperation,
  place: GitPlace & { readonly metadata: string },
): Promise<void> {
  const { metadata } = place;
  await withTemporaryIndex(place, async (git_) => {
    await git_(['read-tree', `${state}:git`]);
    // As they are, whatever the user has set for files of such names.
    const plain = ['-c', 'core.autocrlf=false', '-c', 'core.attributesFile=/dev/null'];
    const write = ['checkout-index', '-z', '--stdin', '--force', '--quiet', `--prefix=${metadata}/`];
    await git_([...plain, ...write], files.map((path) => `${path}\0`).join(''));
  });
  const names = onBranch ? [] : files.filter((path) => /^rebase-(?:merge|apply)\/head-name$/.test(path));
  for (const name of names) await replaceFile(join(metadata, name), 'detached HEAD\n');
  // Its files are not those of which the index knows the times.
  await tryGit(['update-index', '-q', '--refresh'], place);
}

/** Puts HEAD of a worktree on a commit and on no branch; the files and the index stay as they are. */
export async function detachHead(commit: string, place: GitPlace & { readonly metadata: string }): Promise<void> {
  const name = (await git(['rev-parse', '--verify', `${commit}^{commit}`], place)).trim();
  await replaceFile(join(place.metadata, 'HEAD'), `${name}\n`);
}
