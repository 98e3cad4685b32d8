import { takeAway } from '../../adapters/git/move-aside.ts';
import { isSameEntry, listWorktreeEntries, removeWorktreeEntry } from '../../adapters/git/worktree-entries.ts';
import { type Entry, entryAt, removeEntry } from '../../adapters/store/entries.ts';
import { removeDirectory } from '../../adapters/store/private-files.ts';
import { isTakenAway } from '../../adapters/store/temporary-name.ts';
import type { Context } from '../queue/context.ts';
import { SHORT_LOCK_WAIT_MS, withRepository, withSoundRepository } from '../worktrees/repository.ts';
import { type OnAllSaved, type OnSaved, saveBranches, saveEntry, saveWhole, saveWork } from '../worktrees/save-work.ts';
import type { KnownWorktree, TargetOf } from './prune-item.ts';
import { withState, CHANGED, changeOf, trackedNow, type WhyNot } from './read-state.ts';
import { ownsBranch, ownsWorktree, type StoredState, trackedBy } from './tracked.ts';
import { basename } from 'node:path';
import { type Branch, deleteBranchesAt, listBranches } from '../../adapters/git/branches.ts';
import { BRANCH_MIDDLE } from '../issues/issue-ref.ts';
import { branchPrefixes } from '../servers/repository-settings.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock' | 'queue'>;

/** Removes something in `worktrees/` that no tracked issue owns, after saving what only it has. */
export async function removeOrphanedWorktree(
  context: Needs,
  { entry, known }: TargetOf<'worktree'>,
  onSaved: OnSaved,
): Promise<WhyNot> {
  if (known === undefined) return removeUnknown(context, entry, onSaved);
  const remove = async (): Promise<WhyNot> => removeKnown(context, { entry, known }, onSaved);
  return withRepository(known.repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}

/**
 * Saving takes git, and so happens without the lock of the sessions; then, under it and at once, the worktree gets
 * another name. An issue that is claimed before keeps it, and one that is claimed after does not find it.
 */
async function removeKnown(
  context: Needs,
  { entry, known: { repository, kept } }: { readonly entry: Entry; readonly known: KnownWorktree },
  onSaved: OnSaved,
): Promise<WhyNot> {
  const why = await withState(context, async (state) => ownerOf(state, entry) ?? (await changeOf(entry)));
  if (why !== undefined) return why;
  const { path, name } = entry;
  await saveWork(context, { repository, path, name, branch: undefined }, onSaved);
  const movedAside = (await entryAt(path)) === undefined;
  if (!movedAside) {
    const taken = await takeUnlessOwned(context, entry);
    if (taken.why !== undefined) return taken.why;
    await removeDirectory(taken.path);
  }
  // What was moved whole may still be a worktree, in another place.
  const entries = await listWorktreeEntries(repository);
  if (entries.some(({ id, path: at }) => id === kept.id && at === kept.path)) await removeWorktreeEntry(kept);
  return undefined;
}

type Taken = { readonly why: string } | { readonly why: undefined; readonly path: string };

async function takeUnlessOwned(context: Needs, entry: Entry): Promise<Taken> {
  return withState(context, async (state) => {
    const owner = ownerOf(state, entry);
    if (owner !== undefined) return { why: owner };
    if ((await entryAt(entry.path))?.identity !== entry.identity) return { why: CHANGED };
    return { why: undefined, path: await takeAway(entry.path) };
  });
}

function ownerOf(state: StoredState, { name }: Entry): WhyNot {
  return ownsWorktree(trackedBy(state), name) ? 'an issue uses it now' : undefined;
}

/** What is no worktree of a repository here is kept under another name; nothing follows a link. */
async function removeUnknown(context: Needs, entry: Entry, onSaved: OnSaved): Promise<WhyNot> {
  const { path, name, type } = entry;
  const { why, ways } = await withState(context, async (state) => {
    const reason = ownerOf(state, entry) ?? (await changeOf(entry));
    if (reason !== undefined) return { why: reason, ways: [] };
    // Whoever took it away to remove it was cut off.
    const saved = isTakenAway(name) ? [] : await saveWhole(context, { path, name });
    if (saved.length === 0 && type === 'directory') await removeDirectory(await takeAway(path));
    else if (saved.length === 0) await removeEntry(entry);
    return { why: undefined, ways: saved };
  });
  for (const way of ways) await onSaved(way, { kept: 'moved', note: undefined });
  return why;
}

/** Makes a repository forget a worktree that is gone, after saving what only the repository still has of it. */
export async function removeKeptWorktree(
  context: Needs,
  { repository, kept }: TargetOf<'worktree_entry'>,
  onSaved: OnSaved,
): Promise<WhyNot> {
  const remove = async (): Promise<WhyNot> => {
    if (!(await isSameEntry(kept))) return CHANGED;
    await saveEntry(context, { repository, name: kept.id, kept }, onSaved);
    await removeWorktreeEntry(kept);
    return undefined;
  };
  return withRepository(repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}

/**
 * Deletes branches of issues that no tracked issue owns, after saving the commits that only they have. All of them are looked
 * at, saved and deleted together, and one that has changed holds up no other.
 *
 * @returns for each why it was not deleted
 */
export async function removeBranches(
  context: Pick<Context, 'home' | 'env' | 'clock' | 'queue'>,
  { repository, branches }: { readonly repository: string; readonly branches: readonly Branch[] },
  onSaved: OnAllSaved,
): Promise<WhyNot[]> {
  const remove = async (): Promise<WhyNot[]> => {
    // A start takes its branch under this lock, too, so what holds now holds until the end.
    const tracked = await trackedNow(context);
    const begins = (await branchPrefixes(context)).map((prefix) => `${prefix}${BRANCH_MIDDLE}`);
    const patterns = begins.map((begin) => `${begin}*`);
    const now = new Map((await listBranches(repository, patterns, context.env)).map((each) => [each.name, each]));
    const why = new Map(
      branches.map((branch) => {
        const owned = ownsBranch(tracked, repository, branch.name);
        return [branch, owned ? 'an issue uses it now' : whyNot(branch, now.get(branch.name))] as const;
      }),
    );
    const free = branches.filter((branch) => why.get(branch) === undefined);
    const named = free.map((branch) => ({ branch, name: nameOf(repository, branch, begins) }));
    await saveBranches(context, { repository, branches: named }, onSaved);
    const deleted = await deleteBranchesAt(repository, free, context.env);
    return branches.map((branch) => why.get(branch) ?? (deleted.has(branch) ? undefined : CHANGED));
  };
  return withSoundRepository(context, repository, remove, { waitMs: SHORT_LOCK_WAIT_MS });
}

function whyNot(planned: Branch, now: Branch | undefined): WhyNot {
  if (now?.tip !== planned.tip) return CHANGED;
  return now.worktree === undefined ? undefined : `it is checked out in ${now.worktree}`;
}

/** What the worktree of its issue would be called. */
function nameOf(repository: string, { name }: Branch, begins: readonly string[]): string {
  const begin = begins.find((each) => name.startsWith(each)) ?? '';
  return `${basename(repository, '.git')}-${name.slice(begin.length)}`;
}
