import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { KEPT, PUSHED, RESCUED } from './own-refs.ts';
import { conflictSides, treeOfEntries, writeBlobs } from './save-index.ts';
import { commitTree, type Saver } from './saving.ts';
import { commitOf } from './temporary-index.ts';

interface GitFiles {
  /** The git directory of the worktree, lent. */
  readonly place: GitPlace;
  /** What the repository keeps of the worktree: gitrepository-layout(5), `worktrees/<id>`. */
  readonly metadata: string;
  readonly repository: string;
  /** The branch that goes with the worktree, and whose log goes with it. */
  readonly branch: string | undefined;
  /** What the ref of it has behind that of the files; `-git` by default. */
  readonly suffix?: string;
}

// What every worktree has, and what says nothing of work: the rest is an operation under way, a ref of its own, or something
// that a program has put there. The names are those of gitrepository-layout(5) and of git's path.c.
const ORDINARY =
  /^(?:HEAD|ORIG_HEAD|FETCH_HEAD|AUTO_MERGE|index|sharedindex\..*|commondir|gitdir|locked|config\.worktree|COMMIT_EDITMSG|gc\.pid|info\/.*|logs\/.*|.*\.lock|fsmonitor--daemon.*)$/;
// What says where the worktree was, and the repositories of submodules, which are moved.
const NOT_KEPT = /^(?:commondir|gitdir|locked|modules|.*\.lock|fsmonitor--daemon.*)$/;
/** Files that exist while an operation is in progress, as git-status(1) reports them. */
export const OPERATIONS = [
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'BISECT_LOG',
  'NOTES_MERGE_WORKTREE',
];
const AUTOSTASHES = ['MERGE_AUTOSTASH', 'rebase-merge/autostash', 'rebase-apply/autostash'];
const LARGEST = 64 * 1024 * 1024;

/**
 * Saves what git knows of a worktree besides HEAD, index and branch: operations under way with what they have put aside,
 * refs of the worktree's own, and commits that nothing but its logs has any more.
 */
export async function saveGitFiles(saver: Saver, files: GitFiles): Promise<void> {
  const { place, metadata } = files;
  const kept = await filesIn(metadata);
  for (const path of AUTOSTASHES.filter((each) => kept.includes(each))) {
    const named = (await readFile(join(metadata, path), 'utf8')).trim();
    const stash = /^[0-9a-f]{40,64}$/.test(named) ? await commitOf(named, place) : undefined;
    if (stash !== undefined) await saver.keepTip('autostash', stash, `-${path.toLowerCase().replaceAll(/[/_]/g, '-')}`);
  }
  const named = await objectsNamedIn(files, kept);
  const tips = await lostCommits(saver, named, files);
  const state = kept.filter((path) => !ORDINARY.test(path));
  const full = await Promise.all(state.map(async (path) => (await lstat(join(metadata, path))).size > 0));
  if (tips.length === 0 && !full.includes(true)) return;
  const blobs = await writeBlobs(place, metadata, kept);
  const entries = kept.map((path, index) => ({ mode: '100644', object: blobs[index] ?? '', path: `git/${path}` }));
  const trees = named.filter(({ type }) => type === 'tree').map(({ name }) => ({ tree: name, path: `trees/${name}` }));
  const tree = await treeOfEntries(place, [...entries, ...(await conflictSides(place))], trees);
  const message = `What git knew of the worktree, saved as ${saver.ref}`;
  const head = await commitOf('HEAD', place);
  const parents = tips.length > 0 ? tips : head === undefined ? [] : [head];
  await saver.keep('git', await commitTree({ tree, parents, message }, place), files.suffix ?? '-git');
}

/** The regular files in a directory that are not too large, by their paths in it. */
async function filesIn(directory: string, under = ''): Promise<string[]> {
  const entries = await readdir(join(directory, under), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.toSorted((a, b) => a.name.localeCompare(b.name))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (NOT_KEPT.test(path) || path.includes('\n')) continue;
    if (entry.isDirectory()) found.push(...(await filesIn(directory, path)));
    else if (entry.isFile() && (await lstat(join(directory, path))).size <= LARGEST) found.push(path);
  }
  return found;
}

interface NamedObject {
  readonly name: string;
  readonly type: 'commit' | 'tree';
}

/** The objects that files name: those of the worktree, and the logs of its branch here and on origin. */
async function objectsNamedIn(
  { place, metadata, repository, branch }: GitFiles,
  kept: readonly string[],
): Promise<NamedObject[]> {
  const own = kept.filter((path) => !/^(?:index|sharedindex\..*)$/.test(path)).map((path) => join(metadata, path));
  const logs = branch === undefined ? [] : [`refs/heads/${branch}`, `refs/remotes/origin/${branch}`];
  const texts = await Promise.all(
    [...own, ...logs.map((name) => join(repository, 'logs', name))].map(async (path) =>
      readFile(path, 'latin1').catch(() => ''),
    ),
  );
  const names = new Set(texts.flatMap((text) => text.match(/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g) ?? []));
  if (names.size === 0) return [];
  const input = [...names].map((name) => `${name}\n`).join('');
  const printed = await git(['cat-file', '--batch-check=%(objectname) %(objecttype)'], { ...place, input });
  return printed.split('\n').flatMap((line) => {
    const [name = '', type] = line.split(' ');
    return type === 'commit' || type === 'tree' ? [{ name, type }] : [];
  });
}

/** The newest of the commits that no ref would have any more, when the branch and the worktree are gone. */
async function lostCommits(saver: Saver, named: readonly NamedObject[], { branch }: GitFiles): Promise<string[]> {
  const commits = named.filter(({ type }) => type === 'commit').map(({ name }) => name);
  if (commits.length === 0) return [];
  const excluded = branch === undefined ? [] : [`--exclude=${branch}`];
  const others = ['--not', ...excluded, '--branches', '--tags', '--remotes', `--glob=${PUSHED}`];
  const args = ['rev-list', '--parents', '--stdin', ...others, `--glob=${KEPT}`, `--glob=${RESCUED}`];
  const printed = await git(args, { ...saver.at, input: commits.map((name) => `${name}\n`).join('') });
  const lines = printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));
  const only = new Set(lines.map(([commit = '']) => commit));
  const parents = new Set(lines.flatMap(([, ...rest]) => rest));
  return commits.filter((commit) => only.has(commit) && !parents.has(commit));
}
