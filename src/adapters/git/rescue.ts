import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { joinWords, quoted, words, type Words } from '../../util/words.ts';
import { tryGit, type Environment } from './git-command.ts';
import { saveGitFiles } from './git-files.ts';
import { isGitDirectory, type GitPlace } from './git-place.ts';
import { inRepository, inWorktree } from './isolation.ts';
import { moveWholeAside } from './move-aside.ts';
import { exists, isDirectory } from '../store/paths.ts';
import {
  entriesAt,
  linkedInside,
  moveLinkedAside,
  moveNestedRepositoriesAside,
  nestedRepositories,
  releaseBranch,
  relink,
} from './nested-repositories.ts';
import { openWorktree } from './open-modes.ts';
import { keepingLink } from './plain-facts.ts';
import { relinkModules, relinkNested } from './move-tree.ts';
import { moveModules, saveMetadata } from './rescue-leftovers.ts';
import { canBeMovedInstead, saveFiles } from './save-files.ts';
import { makeSaver, type CanTellAgain, type MovedTree, type Rescue, type SavedRef, type Saver } from './saving.ts';
import { commitOf } from './temporary-index.ts';
import { leftBySetUp } from './set-up-state.ts';
import { blockingFiles, passedOver } from './unaddable.ts';
import type { WorktreeEntry } from './worktree-entries.ts';

interface RescueOptions {
  readonly repository: string;
  readonly worktree: string;
  /** The branch whose commits are to be saved, too. */
  readonly branch: string | undefined;
  /** The ref of a branch of origin from which work begins, besides its default branch. */
  readonly base: string | undefined;
  /** `refs/kugetsu/rescue/<name>/<time>`: what is saved goes there, and beside it. */
  readonly ref: string;
  readonly canTellAgain: CanTellAgain;
  /** Where that goes which git cannot save. */
  readonly asideDirectory: string;
  /** Whether a new worktree is to take its place. */
  readonly replaced: boolean;
  readonly env: Environment;
}

/**
 * Saves what only this worktree has, as docs/reliability.md lists it: files, index, commits, operations under way, and what
 * lies inside it that is not its own. What git cannot save is moved aside with the whole worktree, which then goes on to be
 * one. The worktree's own index stays as it was. Call it under the repository's lock.
 *
 * @throws AppError `git_failed`, `lfs_*` when something could not be saved; then nothing may be removed
 */
export async function rescueWork(options: RescueOptions): Promise<Rescue> {
  const { repository, worktree, env } = options;
  await openWorktree(worktree);
  if (!(await isGitDirectory(repository, env))) {
    const why = (await isDirectory(repository)) ? words`git cannot use its repository` : undefined;
    return { refs: [], movedAside: await moveWhole(options, { why }) };
  }
  return inRepository({ repository, env, config: [] }, async (at) => rescueFrom(options, at));
}

async function rescueFrom(options: RescueOptions, at: GitPlace): Promise<Rescue> {
  const { repository, worktree, ref, base, branch, canTellAgain } = options;
  const saver = makeSaver({ at, ref, base, canTellAgain });
  const linked = await linkedInside(repository, worktree);
  const keepBranch = async (): Promise<void> => {
    const tip = branch === undefined ? undefined : await commitOf(`refs/heads/${branch}`, at);
    if (tip !== undefined) await saver.keepTip('branch', tip, '-branch');
  };
  const parts = { saver, linked, keepBranch };
  const found = await inWorktree(options, async (place) => saveWorktree(options, place, parts));
  const movedAside = found ?? (await moveDamaged(options, parts));
  const doubtful = movedAside.some(({ why }) => why !== undefined);
  const refs = doubtful ? await wholeRefs(saver.refs, at) : saver.refs;
  return { refs, movedAside, pushed: saver.pushed() };
}

/** Those from which git can check everything out, because a way back that fails is useless. The others keep what they can. */
async function wholeRefs(refs: readonly SavedRef[], at: GitPlace): Promise<SavedRef[]> {
  const found: SavedRef[] = [];
  for (const saved of refs) {
    const read = await tryGit(['rev-list', '--objects', '--no-walk', '--quiet', saved.ref, '--'], at);
    if (read.exitCode === 0) found.push(saved);
  }
  return found;
}

type Place = GitPlace & { readonly metadata: string };

interface Parts {
  readonly saver: Saver;
  /** Worktrees of the same repository inside this one. */
  readonly linked: readonly WorktreeEntry[];
  /** Saves the commits of the branch, after those that belong to the files. */
  readonly keepBranch: () => Promise<void>;
}

/** Undefined when git cannot tell what is in the worktree. Nothing is moved before everything else is saved. */
async function saveWorktree(options: RescueOptions, place: Place, parts: Parts): Promise<MovedTree[] | undefined> {
  const { saver, linked, keepBranch } = parts;
  // Whoever made it was interrupted before a file was written.
  if (await isUntouched(place)) {
    await keepBranch();
    return [];
  }
  const blocking = await blockingFiles(place.cwd);
  if (blocking.length > 0) {
    await keepBranch();
    await saveMetadata(saver, { ...options, directory: place.metadata, suffix: '-entry' });
    return moveWhole(options, { ...parts, why: words`git cannot read ${named(blocking)}` });
  }
  const saved = await saveInGit(options, place, parts).catch(async (error: unknown) => {
    if (!canBeMovedInstead(error)) throw error;
    await keepBranch();
    // Whatever git stumbles over, the files are there.
    return { why: joinWords([error.words], ''), nested: [] };
  });
  if (saved === undefined) return undefined;
  if (saved.why !== undefined) return moveWhole(options, { ...parts, ...saved });
  const moved = await moveLinkedAside(linked, options);
  await releaseBranch(linked, options.branch, place);
  return [...moved, ...(await moveNestedRepositoriesAside(options, place, saved.nested))].map((path) => ({ path }));
}

interface SavedInGit {
  /** Why the files have to be kept, too; undefined when git has all of them. */
  readonly why: Words | undefined;
  /** The repositories inside, which git does not have. */
  readonly nested: readonly string[];
}

/** Undefined when it cannot be told what lies inside. */
async function saveInGit(
  options: RescueOptions,
  place: Place,
  { saver, linked, keepBranch }: Parts,
): Promise<SavedInGit | undefined> {
  const others = linked.map(({ path }) => relative(options.worktree, path));
  const found = (await nestedRepositories(place))?.filter((path) => !others.includes(path));
  if (found === undefined) return undefined;
  const left = [...(await leftBySetUp(place))];
  const { unsaved: silent, bare } = await passedOver(place, [...found, ...others, ...left]);
  const nested = [...found, ...bare];
  const inside = [...nested, ...others, ...left];
  const loud = await saveFiles(saver, { ...options, place, nested: inside });
  await keepBranch();
  await saveGitFiles(saver, { ...options, place, metadata: place.metadata });
  const unsaved = [...new Set([...silent, ...loud])];
  return { why: unsaved.length === 0 ? undefined : words`git cannot save ${named(unsaved)}`, nested };
}

function named(paths: readonly string[]): Words {
  const names = paths.slice(0, NAMED).map((path) => [quoted(path, 200)]);
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  return words`${joinWords(names, ', ')}${more}`;
}

const NAMED = 5;

/** What git cannot read is kept as it is, with what the repository has of it. */
async function moveDamaged(options: RescueOptions, parts: Parts): Promise<MovedTree[]> {
  const { repository, worktree, branch } = options;
  await parts.keepBranch();
  const modules: MovedTree[] = [];
  for (const [index, { directory }] of (await entriesAt(repository, worktree)).entries()) {
    const number = index === 0 ? '' : `-${index + 1}`;
    await saveMetadata(parts.saver, { ...options, directory, branch, suffix: `-entry${number}` });
    const asideDirectory = `${options.asideDirectory}-modules${number}`;
    modules.push(...(await moveModules({ ...options, directory, asideDirectory })));
  }
  return [...modules, ...(await moveWhole(options, { ...parts, why: undefined }))];
}

async function moveWhole(
  options: RescueOptions,
  { saver, linked = [], nested = [], why }: Partial<Parts & SavedInGit> & { readonly why: Words | undefined },
): Promise<MovedTree[]> {
  const { repository, worktree, branch, env } = options;
  const asideDirectory = (await exists(options.asideDirectory))
    ? `${options.asideDirectory}-whole`
    : options.asideDirectory;
  const [to] = await keepingLink(worktree, async () => moveWholeAside({ worktree, asideDirectory, env }));
  if (to === undefined) return [];
  await relink(linked, worktree, to);
  await relinkNested(
    nested.map((path) => join(to, path)),
    { from: worktree, to },
  );
  const own = await entriesAt(repository, to);
  for (const { directory } of own) {
    const modules = join(directory, 'modules');
    await relinkModules({ modules: { from: modules, to: modules }, checkouts: { from: worktree, to }, env });
  }
  if (saver !== undefined) await releaseBranch([...linked, ...own], branch, saver.at);
  return [{ path: to, why }];
}

async function isUntouched({ cwd, metadata }: Place): Promise<boolean> {
  const entries = await readdir(cwd);
  return entries.length === 1 && entries[0] === '.git' && !(await exists(join(metadata, 'index')));
}
