import type { Words } from '../../util/words.ts';
import { git } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { KUGETSU_IDENTITY } from './identity.ts';
import { objectName } from './object-name.ts';
import { KEPT, PUSHED, RESCUED, savedBefore } from './rescued-refs.ts';

/** What a ref of a rescue holds. */
export type SavedPart =
  /** The files of a worktree, and what was staged. */
  | 'files'
  /** The commits of a branch. */
  | 'branch'
  /** What was staged in a worktree that is gone, or the commits that only it had. */
  | 'entry'
  /** Commits as they were pushed. */
  | 'pushed'
  /** What a rebase or a merge had put aside of uncommitted work. */
  | 'autostash'
  /** What git knows of a worktree besides: operations under way, and commits that no branch has any more. */
  | 'git'
  /** Files as they were on disk, where a filter keeps their content elsewhere. */
  | 'bytes'
  /** An entry of the stash. */
  | 'stash';

/** A ref that holds a part of what was saved; that of an earlier rescue, where nothing has changed since. */
export interface SavedRef {
  readonly ref: string;
  readonly part: SavedPart;
}

/** Something that was moved to where it is kept. */
export interface MovedTree {
  readonly path: string;
  /** Why it could not be saved otherwise; undefined when it is what always is. */
  readonly why?: Words | undefined;
}

/** What was saved before a worktree goes: refs in the bare repository, and directories that were moved aside. */
export interface Rescue {
  readonly refs: readonly SavedRef[];
  readonly movedAside: readonly MovedTree[];
  /** Whether there were commits that origin has, and its default branch has not: they are kept silently. */
  readonly pushed?: boolean;
}

/** Saves parts of one rescue, each on a ref of its own. */
export interface Saver {
  /** The repository, without its configuration. */
  readonly at: GitPlace;
  /** `refs/kugetsu/rescue/<name>/<time>`, the ref of the files. */
  readonly ref: string;
  /** Keeps a commit, unless an earlier rescue has the same. */
  keep(part: SavedPart, commit: string, suffix: string): Promise<void>;
  /** Keeps a commit unless it is elsewhere permanently; silently when it was pushed. */
  keepTip(part: SavedPart, commit: string, suffix: string): Promise<void>;
  /** Keeps a commit that origin has, silently. */
  keepPushed(commit: string, suffix: string): Promise<void>;
  /** The ref of a branch that stays, besides the default branch of origin. */
  readonly base: string | undefined;
  /** What was kept so far, but for what is kept silently. */
  readonly refs: readonly SavedRef[];
  /** Whether something is kept silently. */
  readonly pushed: () => boolean;
}

interface SaverOptions {
  readonly at: GitPlace;
  readonly ref: string;
  /** The ref of a branch that stays, and from which work begins. */
  readonly base: string | undefined;
  /** Whether the way back to an earlier rescue can be told again: nobody has used it. By default none is. */
  readonly canTellAgain?: CanTellAgain;
}

/** Whether the way back to a ref of an earlier rescue can be told again. */
export type CanTellAgain = (ref: string) => Promise<boolean>;

/** @returns what keeps the parts of the rescue `ref` */
export function makeSaver({ at, ref, base, canTellAgain = async () => false }: SaverOptions): Saver {
  const refs: SavedRef[] = [];
  let pushed = false;
  const keep: Saver['keep'] = async (part, commit, suffix) => {
    const before = await savedBefore(commit, { ref, suffix }, at);
    if (before !== undefined && (await canTellAgain(before))) {
      refs.push({ ref: before, part });
      return;
    }
    await git(['update-ref', `${ref}${suffix}`, commit], at);
    refs.push({ ref: `${ref}${suffix}`, part });
  };
  const isKept = async (commit: string): Promise<boolean> =>
    isReachable(commit, [KEPT, PUSHED, ...refs.map((saved) => saved.ref)], at);
  const keepPushed: Saver['keepPushed'] = async (commit, suffix) => {
    pushed = true;
    if (await isKept(commit)) return;
    await git(['update-ref', ref.replace(RESCUED, KEPT) + suffix, commit], at);
  };
  return {
    at,
    ref,
    base,
    refs,
    pushed: () => pushed,
    keep,
    keepPushed,
    async keepTip(part, commit, suffix) {
      const place = await whereIs(commit, at, base);
      if (place === 'merged') return;
      if (place === 'pushed') {
        await keepPushed(commit, suffix);
        return;
      }
      if (
        !(await isReachable(
          commit,
          refs.map((saved) => saved.ref),
          at,
        ))
      )
        await keep(part, commit, suffix);
    },
  };
}

interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
}

/** Makes a commit in kugetsu's own name. @returns its id */
export async function commitTree({ tree, parents, message }: NewCommit, place: GitPlace): Promise<string> {
  const args = ['-c', 'commit.gpgSign=false', 'commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
  return objectName(
    await git([...args, '-m', message], { ...place, extraEnv: { ...place.extraEnv, ...KUGETSU_IDENTITY } }),
  );
}

/** The tree of a commit. */
export async function treeOf(commit: string, place: GitPlace): Promise<string> {
  return objectName(await git(['rev-parse', `${commit}^{tree}`], place));
}

/** Whether a ref that matches one of the patterns has this commit. */
export async function isReachable(commit: string, patterns: readonly string[], place: GitPlace): Promise<boolean> {
  if (patterns.length === 0) return false;
  const args = ['for-each-ref', '--count=1', '--contains', commit, '--format=%(refname)', ...patterns];
  return (await git(args, place)).trim() !== '';
}

/** Who else has a commit: the default branch of origin, permanently; another branch of origin, until somebody deletes it; or nobody. */
type Whereabouts = 'merged' | 'pushed' | 'only_here';

/** Who has a commit besides what is to be removed; `base` is the ref of another branch that stays, such as one that work begins from. */
async function whereIs(commit: string, place: GitPlace, base: string | undefined): Promise<Whereabouts> {
  const staying = ['refs/remotes/origin/HEAD', ...(base === undefined ? [] : [base])];
  if (await isReachable(commit, staying, place)) return 'merged';
  return (await isReachable(commit, ['refs/remotes'], place)) ? 'pushed' : 'only_here';
}
