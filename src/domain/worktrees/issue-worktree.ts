import { dirname, join } from 'node:path';
import { deleteBranch, freeBranch, requireBranch } from '../../adapters/git/branches.ts';
import { pushedBranch, type PushedBranch } from '../../adapters/git/pushed-branch.ts';
import { setWorktreeAside } from '../../adapters/git/set-worktree-aside.ts';
import { addWorktree, removeWhatIsAt, removeWorktree } from '../../adapters/git/worktree.ts';
import { pathExists, realPath } from '../../adapters/store/paths.ts';
import type { OnTransfer } from '../../adapters/git/bare-repository.ts';
import { isGitDirectory } from '../../adapters/git/git-place.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { isForeign, linkedHomeRepository } from './foreign-worktree.ts';
import { keepPushed } from './keep-pushed.ts';
import { makeRoomFor, withSoundRepository, withUpdatedRepository } from './repository.ts';
import { saveStaleEntries, saveStashes, saveWhole, saveWork, type OnSaved, type WorktreePlace } from './save-work.ts';
import { branchGoneOnWith, whereWorkBegins, type WantedBegin } from './where-work-begins.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

/** A worktree that was made for an issue. */
interface IssueWorktree {
  /** The absolute path without links. */
  readonly path: string;
  readonly repository: string;
  readonly branch: string;
  /** The number of the pull request whose branch that is; undefined for the issue's own. */
  readonly pullRequest: number | undefined;
  /** The ref of origin's branch from which work begins. */
  readonly base: string;
  /** The commit at which the branch left the default branch. */
  readonly startCommit: string;
  /** What was pushed before, and is gone on with. */
  readonly pushed: PushedBranch | undefined;
  readonly how: 'cloned' | 'fetched';
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

interface WorktreeRequest extends WantedBegin {
  /** The directory's name under `worktrees/`. */
  readonly name: string;
  /** The repository that an earlier worktree of this name belongs to, if there was one. */
  readonly previousRepository: string | null;
  /** Whether to begin at the default branch, whatever was pushed. */
  readonly fresh: boolean;
  /** Whether it is to be set up before an agent works in it, which is known of it from its first moment. */
  readonly isPending: boolean;
  readonly onSaved: OnSaved;
  /** Called before anything is made or removed, so that a crash leaves nothing that nobody knows of. */
  readonly onPlace: (place: {
    readonly path: string;
    readonly repository: string;
    readonly branch: string;
    readonly pullRequest: number | undefined;
  }) => Promise<void>;
  /** Called when the worktree is there and belongs to the repository, before its files are written. */
  readonly onAdded: (path: string) => void;
  /** Called when the repository is cloned or fetched for it, and with how far git is. */
  readonly onTransfer: OnTransfer;
}

/**
 * Makes a clean worktree for an issue on its branch, from what origin has of it, or else from the newest default branch of
 * origin, or where somebody wants it. An earlier worktree is saved first, then removed, and what was pushed stays on a ref.
 */
export async function makeIssueWorktree(context: Needs, request: WorktreeRequest): Promise<IssueWorktree> {
  const { home, env } = context;
  const { ref, name, fresh, isPending } = request;
  await makePrivateDirectory(home.worktrees);
  const path = join(await realPath(home.worktrees), name);
  const { onTransfer } = request;
  return withUpdatedRepository(context, { ref, branch: request.branch, onTransfer }, async (updated) => {
    const { path: repository, start, tip, how, from, note, restored } = updated;
    const linked = request.previousRepository ?? (await linkedHomeRepository(home, path)) ?? null;
    const previous = await existing(linked, repository);
    await requireOwnPlace(context, { path, repository: previous });
    // Nothing goes before it is certain that the new one can be made.
    const asked = await whereWorkBegins(context, request, updated);
    const goes = asked ?? (await branchGoneOnWith(context, request, updated));
    const { branch, pullRequest } = goes;
    const room = branch === request.branch ? [] : await makeRoomFor(context, { path: repository, branch });
    const anew = fresh || (asked !== undefined && pullRequest === undefined);
    const commit = await requireBranch(repository, { branch, start: asked?.at ?? tip }, env);
    if (request.previousRepository === null && (await isForeign(home, path))) {
      await moveAside(context, { path, name }, request.onSaved);
    } else {
      const base = previous === repository ? start : undefined;
      await saveWork(context, { repository: previous, path, name, branch, base, replaced: true }, request.onSaved);
    }
    // Nobody has worked in a new one.
    if (how === 'fetched') await saveRest(context, { repository, name }, request.onSaved);
    await request.onPlace({ path, repository, branch, pullRequest });
    const pushed = await pushedBranch({ repository, branch, base: start, env });
    await keepPushed(context, { repository, name, branch, rescue: anew && pushed !== undefined }, request.onSaved);
    const onAdded = (): void => request.onAdded(path);
    const begins =
      asked !== undefined || anew || pushed === undefined
        ? { at: commit, note: asked?.note ?? note }
        : { at: pushed.tip, pushed };
    const taken = await freeBranch(repository, { branch, own: path, start: begins.at }, env);
    // It comes back when no new one can be made: what the files need besides git, such as Git LFS, is known late.
    const old = await setWorktreeAside({ repository: previous, path, branch, env });
    const wanted = { branch, start: begins.at, from, isPending, onAdded };
    const added = await addWorktree({ repository, path, env }, wanted).catch(async (error: unknown) => {
      // Its work is saved in any case.
      await old.putBack().catch(() => undefined);
      throw error;
    });
    await old.remove();
    const startCommit = begins.pushed?.began ?? added.commit;
    const off = taken.map((other) => `${other.path} was on ${branch}; it stays at its commit, on no branch`);
    const notes = [...restored, ...room, ...off, goes.left, begins.note, added.note].filter(
      (each) => each !== undefined,
    );
    return { path, repository, branch, pullRequest, base: start, startCommit, pushed: begins.pushed, how, notes };
  });
}

/**
 * Removes an issue's worktree and branch after saving what only they have. @returns whether they had commits that origin
 * has, and its default branch has not: these are kept, too
 *
 * @throws AppError `not_in_home` when a session file names something else than a worktree of this home
 */
export async function removeIssueWorktree(
  context: Needs,
  place: WorktreePlace & { readonly branch: string },
  onSaved: OnSaved,
): Promise<boolean> {
  await requireOwnPlace(context, place);
  const { repository, path, branch } = place;
  const { env } = context;
  return withSoundRepository(context, repository, async () => {
    const pushed = await saveAndRemove(context, place, onSaved);
    await saveRest(context, place, onSaved);
    if (!(await isGitDirectory(repository, env))) return pushed;
    await freeBranch(repository, { branch, own: path }, env);
    await deleteBranch(repository, branch, env);
    return pushed;
  });
}

/**
 * Takes a worktree away whose repository the session does not name: one that is linked to a repository of the home as any
 * other, one that has its repository elsewhere as a whole. @returns whether it was moved aside
 */
export async function removeUnassignedWorktree(
  context: Needs,
  place: Omit<WorktreePlace, 'repository'> & { readonly branch: string },
  onSaved: OnSaved,
): Promise<boolean> {
  const { home } = context;
  const { path } = place;
  if (!(await pathExists(path))) return false;
  const repository = await linkedHomeRepository(home, path);
  if (repository !== undefined) await removeIssueWorktree(context, { ...place, repository }, onSaved);
  else {
    await requireOwnPlace(context, { path, repository: undefined });
    await moveAside(context, place, onSaved);
  }
  return repository === undefined;
}

async function moveAside(context: Needs, place: Pick<WorktreePlace, 'path' | 'name'>, onSaved: OnSaved): Promise<void> {
  for (const way of await saveWhole(context, place)) await onSaved(way, { kept: 'moved', note: undefined });
  // A link, or an empty directory.
  await removeWhatIsAt(place.path);
}

/** A home that was moved has its repositories elsewhere than its files say: what the branch has is to be saved all the same. */
async function existing(previous: string | null, current: string): Promise<string> {
  return previous !== null && (await pathExists(previous)) ? previous : current;
}

/** A session file may have been changed: nothing outside the home is removed, or looked into, for its sake. */
async function requireOwnPlace(
  { home }: Needs,
  { path, repository }: { readonly path: string; readonly repository: string | undefined },
): Promise<void> {
  const repositories = repository === undefined ? [] : ([[repository, home.repos]] as const);
  for (const [place, parent] of [[path, home.worktrees] as const, ...repositories]) {
    if (!(await pathExists(place))) continue;
    const [real, own] = await Promise.all([realPath(dirname(place)), realPath(parent).catch(() => parent)]);
    if (real === own) continue;
    throw new AppError('not_in_home', `${place} is outside ${parent} and was not touched`, {
      hint: "correct the issue's file under sessions/ in the home, which names it, or move that file away",
    });
  }
}

/** @returns whether it had commits that origin has, and its default branch has not */
async function saveAndRemove(context: Needs, place: WorktreePlace, onSaved: OnSaved): Promise<boolean> {
  const { repository, path } = place;
  const pushed = await saveWork(context, place, onSaved);
  await removeWorktree({ repository, path });
  return pushed;
}

/** What all worktrees of a repository share, and any agent can take away; and what git would drop by itself. */
async function saveRest(
  context: Needs,
  { repository, name }: Pick<WorktreePlace, 'repository' | 'name'>,
  onSaved: OnSaved,
): Promise<void> {
  if (!(await isGitDirectory(repository, context.env))) return;
  await saveStashes(context, { repository, name }, onSaved);
  await saveStaleEntries(context, repository, onSaved);
}
