import { git, tryGit, type Environment } from './git-command.ts';
import { inRepository } from './isolation.ts';
import type { GitPlace } from './git-place.ts';
import { commitTree, treeOf } from './saving.ts';
import { commitOf } from './temporary-index.ts';
import { objectName } from './object-name.ts';

interface MergedQuestion {
  readonly repository: string;
  readonly branch: string;
  /** The commit at which the branch began. */
  readonly start: string;
  /** The ref into which it may have been merged, as new as the last fetch. */
  readonly target: string;
  readonly env: Environment;
}

/**
 * Whether the work of a branch is in `target`: `merged` when its tip is, `contained` when all of its changes are (a
 * squash or a rebase), undefined when not, when that cannot be told, or when the branch has no commit of its own.
 */
export async function mergedInto(question: MergedQuestion): Promise<'merged' | 'contained' | undefined> {
  const { repository, env } = question;
  // A merge may run a program of the configuration's.
  return inRepository({ repository, env, config: [] }, async (at) => isMerged(question, at));
}

async function isMerged(question: MergedQuestion, at: GitPlace): Promise<'merged' | 'contained' | undefined> {
  const { branch, start, target } = question;
  const tip = await commitOf(`refs/heads/${branch}`, at);
  if (tip === undefined) return undefined;
  const own = await tryGit(['rev-list', '--count', tip, `^${start}`], at);
  if (own.exitCode !== 0 || Number(own.stdout) === 0) return undefined;
  if ((await tryGit(['merge-base', '--is-ancestor', tip, target], at)).exitCode === 0) return 'merged';
  const base = await tryGit(['merge-base', tip, target], at);
  const fork = objectName(base.stdout);
  if (base.exitCode !== 0 || (await treeOf(fork, at)) === (await treeOf(tip, at))) {
    return undefined;
  }
  const contained = (await mergesToNothing(at, { tip, target })) || (await hasSamePatch(at, { tip, target, fork }));
  return contained ? 'contained' : undefined;
}

/** Whether merging the branch now would change nothing. Needs git 2.38; an older one says no. */
async function mergesToNothing(
  at: GitPlace,
  { tip, target }: { readonly tip: string; readonly target: string },
): Promise<boolean> {
  const merge = await tryGit(['merge-tree', '--write-tree', target, tip], at);
  return merge.exitCode === 0 && merge.stdout.trim() === (await treeOf(target, at));
}

/** Whether one commit since the fork has the same patch as the whole branch; what came later in `target` does not matter. */
async function hasSamePatch(
  at: GitPlace,
  { tip, target, fork }: { readonly tip: string; readonly target: string; readonly fork: string },
): Promise<boolean> {
  const tree = await treeOf(tip, at);
  const squashed = await commitTree({ tree, parents: [fork], message: 'The branch as one commit' }, at);
  return (await git(['cherry', target, squashed, fork], at)).trim() === `- ${squashed}`;
}
