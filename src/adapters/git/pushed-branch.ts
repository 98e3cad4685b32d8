import { git, tryGit, type Environment } from './git-command.ts';
import { atGitDirectory, atPlainGitDirectory } from './git-place.ts';
import { inRepository } from './isolation.ts';
import { objectName } from './object-name.ts';
import { PUSHED } from './rescued-refs.ts';
import { mayHaveRef } from './plain-refs.ts';
import { commitOf } from './temporary-index.ts';

interface BranchOfOrigin {
  readonly repository: string;
  readonly branch: string;
  readonly env: Environment;
}

/** A branch as origin had it at the last fetch or push. */
export interface PushedBranch {
  /** As a person says it: `origin/fix/issue-14`. */
  readonly name: string;
  readonly tip: string;
  /** The commit at which it left the default branch; the tip, when the two have none in common. */
  readonly began: string;
  /** How many commits it has that the default branch does not. */
  readonly commits: number;
}

/** What origin has of a branch that the ref `base` does not have; undefined when that is nothing. */
export async function pushedBranch({
  repository,
  branch,
  base,
  env,
}: BranchOfOrigin & { readonly base: string }): Promise<PushedBranch | undefined> {
  if (!(await mayHaveRef(trackingRef(branch), atPlainGitDirectory(repository, env)))) return undefined;
  return inRepository({ repository, env, config: [] }, async (at) => {
    const tip = await commitOf(trackingRef(branch), at);
    if (tip === undefined) return undefined;
    const commits = Number(await git(['rev-list', '--count', '--end-of-options', `${base}..${tip}`], at));
    if (commits === 0) return undefined;
    const began = await tryGit(['merge-base', tip, base], at);
    return { name: `origin/${branch}`, tip, began: began.exitCode === 0 ? objectName(began.stdout) : tip, commits };
  });
}

/** What is kept of a branch that was pushed. */
export interface KeptTip {
  readonly tip: string | undefined;
  /** The tip that was kept before, if the current tip does not contain it: somebody pushed over it. */
  readonly replaced: string | undefined;
}

/** The tip of a branch on origin, and whether it took the place of the one that is kept under `name`. */
export async function lookAtKeptTip({
  repository,
  branch,
  name,
  env,
}: BranchOfOrigin & { readonly name: string }): Promise<KeptTip> {
  const files = atPlainGitDirectory(repository, env);
  const refs = [trackingRef(branch), keptRef(name)];
  const may = await Promise.all(refs.map(async (ref) => mayHaveRef(ref, files)));
  if (!may.some(Boolean)) return { tip: undefined, replaced: undefined };
  return inRepository({ repository, env, config: [] }, async (at) => {
    const [tip, kept] = await Promise.all([commitOf(trackingRef(branch), at), commitOf(keptRef(name), at)]);
    if (tip === undefined || kept === undefined || tip === kept) return { tip, replaced: undefined };
    const isPart = (await tryGit(['merge-base', '--is-ancestor', kept, tip], at)).exitCode === 0;
    return { tip, replaced: isPart ? undefined : kept };
  });
}

/** Keeps a pushed commit on a ref of its own, in place of the one that is kept under `name` so far. */
export async function keepTip(
  tip: string,
  { repository, name, env }: { readonly repository: string; readonly name: string; readonly env: Environment },
): Promise<void> {
  await git(['update-ref', keptRef(name), tip], atGitDirectory(repository, env));
}

function trackingRef(branch: string): string {
  return `refs/remotes/origin/${branch}`;
}

function keptRef(name: string): string {
  return `${PUSHED}/${name}`;
}
