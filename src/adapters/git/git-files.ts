import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { KEPT, PUSHED, RESCUED } from './rescued-refs.ts';
import { plainText } from './plain-file.ts';
import { conflictSides, treeOfEntries, writeBlobs } from './save-index.ts';
import { commitTree, treeOf, type Saver } from './saving.ts';
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
// What says where the worktree was and what set it up, and the repositories of submodules, which are moved.
const NOT_KEPT = /^(?:commondir|gitdir|locked|modules|kugetsu-set-up\.json|.*\.lock|fsmonitor--daemon.*)$/;
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
  const commits = named.filter(({ type }) => type === 'commit').map(({ name }) => name);
  const tips = await tipsWithout(commits, saver, [...keptRefs(files), '--remotes']);
  await keepState(saver, files, { kept, named, tips });
  const staying = ['refs/remotes/origin/HEAD', ...(saver.base === undefined ? [] : [saver.base])].map(onlyRef);
  await keepPushed(saver, await tipsWithout(commits, saver, [...keptRefs(files), ...staying]), files);
}

interface State {
  /** Files of the worktree's git directory, by their paths in it. */
  readonly kept: readonly string[];
  readonly named: readonly NamedObject[];
  /** Commits that nothing else has. */
  readonly tips: readonly string[];
}

async function keepState(
  saver: Saver,
  { place, metadata, suffix }: GitFiles,
  { kept, named, tips }: State,
): Promise<void> {
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
  await saver.keep('git', await commitTree({ tree, parents, message }, place), suffix ?? '-git');
}

/** The regular files in a directory that are not too large, by their paths in it. */
async function filesIn(directory: string, under = ''): Promise<string[]> {
  const entries = await readdir(join(directory, under), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.toSorted((a, b) => a.name.localeCompare(b.name))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (NOT_KEPT.test(path)) continue;
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
    [...own, ...logs.map((name) => join(repository, 'logs', name))].map(
      async (path) => (await plainText(path, 'latin1')) ?? '',
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

/** What stays when the branch and the worktree are gone, whatever happens to origin. */
function keptRefs({ branch }: GitFiles): string[] {
  const excluded = branch === undefined ? [] : [`--exclude=${branch}`];
  const own = [KEPT, PUSHED, RESCUED].map((refs) => `--glob=${refs}`);
  return [...excluded, '--branches', '--tags', ...own];
}

/** The option for one ref, which may be missing. Without a pattern in it git would take it for a directory. */
function onlyRef(ref: string): string {
  return `--glob=${ref.slice(0, -1)}[${ref.slice(-1)}]`;
}

/** The newest of these commits that no ref has which `holders` choose, as git-rev-list(1) has them. */
async function tipsWithout(commits: readonly string[], saver: Saver, holders: readonly string[]): Promise<string[]> {
  if (commits.length === 0) return [];
  const args = ['rev-list', '--parents', '--stdin', '--not', ...holders];
  const printed = await git(args, { ...saver.at, input: commits.map((name) => `${name}\n`).join('') });
  const lines = printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));
  const only = new Set(lines.map(([commit = '']) => commit));
  const parents = new Set(lines.flatMap(([, ...rest]) => rest));
  return commits.filter((commit) => only.has(commit) && !parents.has(commit));
}

/** Keeps commits that only a branch of origin has: somebody may delete it, and the next fetch takes it away here. */
async function keepPushed(saver: Saver, tips: readonly string[], { place, suffix = '-git' }: GitFiles): Promise<void> {
  const [first] = tips;
  if (first === undefined) return;
  const message = 'Commits that were pushed, and that no branch has here';
  const one =
    tips.length === 1 ? first : await commitTree({ tree: await treeOf(first, place), parents: tips, message }, place);
  await saver.keepPushed(one, `${suffix}-pushed`);
}
