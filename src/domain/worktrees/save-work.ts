import { join } from 'node:path';
import type { Branch } from '../../adapters/git/branches.ts';
import { holdsPointers } from '../../adapters/git/lfs.ts';
import { moveWholeAside } from '../../adapters/git/move-aside.ts';
import { RESCUED } from '../../adapters/git/rescued-refs.ts';
import { keepingLink } from '../../adapters/git/plain-facts.ts';
import { rescueCommits, rescueEntry, rescuePushed } from '../../adapters/git/rescue-leftovers.ts';
import { rescueWork } from '../../adapters/git/rescue.ts';
import type { CanTellAgain, Rescue, SavedPart } from '../../adapters/git/saving.ts';
import { rescueStashes } from '../../adapters/git/stashes.ts';
import { listWorktreeEntries, removeWorktreeEntry, type WorktreeEntry } from '../../adapters/git/worktree-entries.ts';
import { exists } from '../../adapters/store/paths.ts';
import { pasteQuote } from '../../util/text.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

/** How something was kept: as commits in the repository, or moved to `rescued/` as it was. */
export type Kept = 'saved' | 'moved';

/** A way back to something that was saved. */
export interface Way {
  readonly kept: Kept;
  /** What it is or why it was kept, when that is more than a worktree's work: `a stash entry`, `git cannot save "a.sock"`. */
  readonly note: string | undefined;
}

/** Told before something is removed: the commands that bring back what only it had. */
export type OnSaved = (way: string, about: Way) => Promise<void>;

/** A worktree, whole or not, and what its work is to be saved as. */
export interface WorktreePlace {
  readonly repository: string;
  readonly path: string;
  readonly name: string;
  /** The branch whose commits are to be saved, too. */
  readonly branch: string | undefined;
  /** The ref from which work begins, when that is not origin's default branch. */
  readonly base?: string | undefined;
  /** Whether a new worktree is made in its place. */
  readonly replaced?: boolean;
}

/**
 * Saves what only a worktree has, and tells the ways back. Call it under the repository's lock.
 *
 * @returns whether it had commits that origin has, and its default branch has not: they are kept without a word
 */
export async function saveWork(
  context: Needs,
  { repository, path, name, branch, base, replaced = false }: WorktreePlace,
  onSaved: OnSaved,
): Promise<boolean> {
  const place = rescuePlace(context, name);
  const rescue = await rescueWork({ repository, worktree: path, branch, base, replaced, ...place });
  await tellWays(context, { repository, place, onSaved }, rescue);
  return rescue.pushed === true;
}

/** As {@link OnSaved}, for everything that was saved together. */
export type OnAllSaved = (ways: readonly string[]) => Promise<void>;

interface NamedBranches {
  readonly repository: string;
  readonly branches: readonly { readonly name: string; readonly branch: Branch }[];
}

/** Saves the commits that only these branches have, and tells the ways back. Call it under the repository's lock. */
export async function saveBranches(
  context: Needs,
  { repository, branches }: NamedBranches,
  onSaved: OnAllSaved,
): Promise<void> {
  const commits = branches.map(({ name, branch }) => {
    const place = rescuePlace(context, name);
    const ref = `${place.ref}-branch`;
    return { commit: branch.tip, ref, directory: place.targetOf(ref) };
  });
  const saved = await rescueCommits(commits, { repository, env: context.env });
  if (saved.length === 0) return;
  const pointers = await holdsPointers(repository, context.env);
  await onSaved(saved.map(({ ref, directory }) => wayToRef({ repository, directory, ref, pointers })));
}

/** Saves a commit that was pushed, and tells the way back, unless an earlier rescue has it. */
export async function savePushed(
  context: Needs,
  {
    repository,
    name,
    tip,
    suffix,
  }: { readonly repository: string; readonly name: string; readonly tip: string; readonly suffix: string },
  onSaved: OnSaved,
): Promise<void> {
  const place = rescuePlace(context, name);
  const rescue = await rescuePushed(tip, { repository, ref: `${place.ref}${suffix}`, env: context.env });
  await tellWays(context, { repository, place, onSaved }, rescue);
}

/** Saves what a repository still has of a worktree that is gone, and tells the ways back. Call it under its lock. */
export async function saveEntry(
  context: Needs,
  { repository, name, kept }: { readonly repository: string; readonly name: string; readonly kept: WorktreeEntry },
  onSaved: OnSaved,
): Promise<void> {
  const place = rescuePlace(context, name);
  await tellWays(context, { repository, place, onSaved }, await rescueEntry(kept, { ...place, repository }));
}

/** Saves the stash entries of a repository that no earlier rescue has, and tells the ways back. */
export async function saveStashes(
  context: Needs,
  { repository, name }: { readonly repository: string; readonly name: string },
  onSaved: OnSaved,
): Promise<void> {
  const place = rescuePlace(context, name);
  const refs = await rescueStashes({ repository, ref: place.ref, env: context.env });
  await tellWays(context, { repository, place, onSaved }, { refs, movedAside: [] });
}

/**
 * Saves what a repository has of worktrees whose directory is gone, tells the ways back, and forgets them. git would do so
 * without saving anything: git-worktree(1), `prune`. Call it under the repository's lock.
 */
export async function saveStaleEntries(context: Needs, repository: string, onSaved: OnSaved): Promise<void> {
  for (const kept of await listWorktreeEntries(repository)) {
    if (!kept.stale) continue;
    await saveEntry(context, { repository, name: kept.id, kept }, onSaved);
    await removeWorktreeEntry(kept);
  }
}

/** Moves something that no repository of the home knows into `rescued/`; a link and an empty directory stay. @returns the ways back */
export async function saveWhole(
  context: Needs,
  { path, name }: Pick<WorktreePlace, 'path' | 'name'>,
): Promise<readonly string[]> {
  const { asideDirectory, env } = rescuePlace(context, name);
  const move = async (): Promise<string[]> => moveWholeAside({ worktree: path, asideDirectory, env });
  return (await keepingLink(path, move)).map(wayInto);
}

interface RescuePlace {
  readonly ref: string;
  readonly asideDirectory: string;
  /** Where the printed command puts what it brings back from a ref. */
  readonly targetOf: (ref: string) => string;
  readonly canTellAgain: CanTellAgain;
  readonly env: Needs['env'];
}

function rescuePlace({ home, env, clock }: Needs, given: string): RescuePlace {
  const name = nameInRef(given);
  const targetOf = (ref: string): string => join(home.rescued, ref.slice(RESCUED.length + 1).replace('/', '-'));
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:.]/g, '');
  return {
    ref: `${RESCUED}/${name}/${time}`,
    asideDirectory: join(home.rescued, name, time),
    targetOf,
    canTellAgain: async (ref) => !(await exists(targetOf(ref))),
    env,
  };
}

/** A name as a part of a ref: the names of issues stay as they are, and git-check-ref-format(1) forbids some others. */
function nameInRef(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '-').replaceAll(/\.{2,}/g, '-');
  return safe
    .replace(/^\./, '-')
    .replace(/\.$|\.lock$/i, '-')
    .replace(/^$/, '-');
}

interface Telling {
  readonly repository: string;
  readonly place: RescuePlace;
  readonly onSaved: OnSaved;
}

/** Whatever fails after this, the way back is known. */
async function tellWays(
  context: Needs,
  { repository, place, onSaved }: Telling,
  { refs, movedAside }: Rescue,
): Promise<void> {
  const pointers = refs.length > 0 && (await holdsPointers(repository, place.env));
  for (const { ref, part } of refs) {
    const directory = place.targetOf(ref);
    await onSaved(wayToRef({ repository, directory, ref, pointers }), { kept: 'saved', note: NOTES[part] });
  }
  const { text: clean } = await redactorOf(context);
  for (const { path, why } of movedAside) {
    await onSaved(wayInto(path), { kept: 'moved', note: why === undefined ? undefined : told(why, clean) });
  }
}

/** What the parts of a rescue are, where that is not the work itself. */
export const NOTES: Readonly<Record<SavedPart, string | undefined>> = {
  files: undefined,
  branch: undefined,
  entry: undefined,
  pushed: undefined,
  autostash: 'changes that a rebase or a merge had stashed',
  git: 'other state of git: operations in progress, and commits on no branch',
  bytes: 'files as they were on disk, unfiltered',
  stash: 'an entry of the stash, which all agents of a repository share',
};

interface WayToRef {
  readonly repository: string;
  readonly directory: string;
  readonly ref: string;
  /** Whether files of what comes back may be in Git LFS. */
  readonly pointers: boolean;
}

function wayToRef({ repository, directory: place, ref, pointers }: WayToRef): string {
  const directory = pasteQuote(place);
  const content = pointers ? ` && git -C ${directory} lfs checkout` : '';
  // By its name: with safe.bareRepository=explicit git finds no bare repository by itself.
  return `git --git-dir ${pasteQuote(repository)} worktree add --detach ${directory} ${ref}${content}`;
}

function wayInto(path: string): string {
  // A shell drops newlines at the end of what a command prints, which is how they are quoted.
  return `cd ${pasteQuote(path.endsWith('\n') ? `${path}/.` : path)}`;
}
