import { join } from 'node:path';
import { isDirectory } from '../store/paths.ts';
import { git, type Environment } from './git-command.ts';
import { saveGitFiles } from './git-files.ts';
import { lastHeadIn } from './head-file.ts';
import type { GitPlace } from './git-place.ts';
import { inMetadata, inRepository } from './isolation.ts';
import { moveAside } from './move-aside.ts';
import { KEPT, PUSHED, RESCUED } from './rescued-refs.ts';
import { saveIndex } from './save-index.ts';
import { type CanTellAgain, isReachable, makeSaver, type MovedTree, type Rescue, type Saver } from './saving.ts';
import { commitOf } from './temporary-index.ts';
import type { WorktreeEntry } from './worktree-entries.ts';

interface LeftoverOptions {
  readonly repository: string;
  /** What is saved gets this name. */
  readonly ref: string;
  readonly env: Environment;
}

/** A commit, and the ref that saves it if that is necessary. */
interface CommitToSave {
  readonly commit: string;
  readonly ref: string;
}

/**
 * Saves those of these commits that neither the default branch of origin nor an earlier rescue has, all of them or none:
 * those that were pushed silently. Call it under the repository's lock.
 *
 * @returns those that nobody else has
 * @throws AppError `git_failed` when they could not be saved
 */
export async function rescueCommits<Saved extends CommitToSave>(
  commits: readonly Saved[],
  { repository, env }: Pick<LeftoverOptions, 'repository' | 'env'>,
): Promise<Saved[]> {
  if (commits.length === 0) return [];
  return inRepository({ repository, env, config: [] }, async (at) => {
    const unmerged = await without(commits, at, [`--glob=${DEFAULT_BRANCH}`, ...EARLIER]);
    const onlyHere = await without(unmerged, at, ['--remotes']);
    const toCreate = unmerged.map(({ commit, ref }) => {
      const told = onlyHere.some((saved) => saved.commit === commit);
      return `create ${told ? ref : ref.replace(RESCUED, KEPT)} ${commit}\n`;
    });
    if (toCreate.length > 0) await git(['update-ref', '--stdin'], { ...at, input: toCreate.join('') });
    return onlyHere;
  });
}

// Without a pattern in it git would take it for a directory.
const DEFAULT_BRANCH = 'refs/remotes/origin/HEA[D]';
const EARLIER = [RESCUED, KEPT, PUSHED].map((refs) => `--glob=${refs}`);

/** Those of these commits that nothing named by `holders` has, each once. */
async function without<Saved extends CommitToSave>(
  commits: readonly Saved[],
  at: GitPlace,
  holders: readonly string[],
): Promise<Saved[]> {
  const named = new Map(commits.map((each) => [each.commit, each]));
  if (named.size === 0) return [];
  const input = [...named.keys()].map((name) => `${name}\n`).join('');
  const listed = await git(['rev-list', '--stdin', '--not', ...holders], { ...at, input });
  const found = new Set(listed.split('\n'));
  return [...named.values()].filter(({ commit }) => found.has(commit));
}

/** Saves a commit that origin has and no earlier rescue. @throws AppError `git_failed` when it could not be saved */
export async function rescuePushed(commit: string, { repository, ref, env }: LeftoverOptions): Promise<Rescue> {
  return inRepository({ repository, env, config: [] }, async (at) => {
    if (await isReachable(commit, [RESCUED], at)) return NOTHING;
    await git(['update-ref', ref, commit], at);
    return { refs: [{ ref, part: 'pushed' }], movedAside: [] };
  });
}

const NOTHING: Rescue = { refs: [], movedAside: [] };

/**
 * Saves what a repository still has of a worktree that is gone: commits on no branch, what was staged, operations under way,
 * and repositories of submodules. Call it under the repository's lock.
 *
 * @throws AppError `git_failed` when something could not be saved; then the entry must stay
 */
export async function rescueEntry(
  { directory }: WorktreeEntry,
  options: LeftoverOptions & { readonly asideDirectory: string; readonly canTellAgain: CanTellAgain },
): Promise<Rescue> {
  const { repository, ref, asideDirectory, canTellAgain, env } = options;
  return inRepository({ repository, env, config: [] }, async (at) => {
    const saver = makeSaver({ at, ref, base: undefined, canTellAgain });
    await saveMetadata(saver, { repository, directory, env, branch: undefined, suffix: '-entry' });
    return { refs: saver.refs, movedAside: await moveModules({ directory, asideDirectory, env }) };
  });
}

/** Moves the repositories of submodules, which git keeps with a worktree. @returns where they are */
export async function moveModules({
  directory,
  asideDirectory,
  env,
}: Pick<Metadata, 'directory' | 'env'> & { readonly asideDirectory: string }): Promise<MovedTree[]> {
  const modules = join(directory, 'modules');
  if (!(await isDirectory(modules))) return [];
  return [{ path: await moveAside(modules, join(asideDirectory, '.git-modules'), env) }];
}

interface Metadata {
  readonly repository: string;
  /** What the repository keeps of the worktree. */
  readonly directory: string;
  readonly env: Environment;
  readonly branch: string | undefined;
  readonly suffix: string;
}

/** Saves what a repository has of a worktree without its files. */
export async function saveMetadata(
  saver: Saver,
  { repository, directory, env, branch, suffix }: Metadata,
): Promise<void> {
  const orHead = await lastHeadIn(directory);
  await inMetadata({ repository, metadata: directory, env, orHead }, async (place) => {
    const head = await commitOf('HEAD', place);
    const staged = await saveIndex(place, { head, message: `Index saved as ${saver.ref}${suffix}` });
    if (staged !== undefined) await saver.keep('entry', staged, suffix);
    else if (head !== undefined && !(await isReachable(head, ['refs/heads', RESCUED], saver.at))) {
      await saver.keepTip('entry', head, suffix);
    }
    await saveGitFiles(saver, { place, metadata: directory, repository, branch, suffix: `${suffix}-git` });
  });
}
