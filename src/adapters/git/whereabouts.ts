import { git } from './git-command.ts';
import type { GitPlace } from './git-place.ts';

/** Whether a ref that matches one of the patterns has this commit. */
export async function isReachable(commit: string, patterns: readonly string[], place: GitPlace): Promise<boolean> {
  if (patterns.length === 0) return false;
  const args = ['for-each-ref', '--count=1', '--contains', commit, '--format=%(refname)', ...patterns];
  return (await git(args, place)).trim() !== '';
}

/** Who else has a commit: the default branch of origin, permanently; another branch of origin, until somebody deletes it; or nobody. */
export type Whereabouts = 'merged' | 'pushed' | 'only_here';

/** Who has a commit besides what is to be removed; `base` is the ref of another branch that stays, such as one that work begins from. */
export async function whereIs(commit: string, place: GitPlace, base: string | undefined): Promise<Whereabouts> {
  const staying = ['refs/remotes/origin/HEAD', ...(base === undefined ? [] : [base])];
  if (await isReachable(commit, staying, place)) return 'merged';
  return (await isReachable(commit, ['refs/remotes'], place)) ? 'pushed' : 'only_here';
}
