import { fetchPullRequest, namedCommit, type PullRequest } from '../../adapters/git/named-start.ts';
import { pushedBranch } from '../../adapters/git/pushed-branch.ts';
import type { FilesFrom } from '../../adapters/git/worktree.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { repositoryOf, type IssueRef } from '../issues/issue-ref.ts';

/** A pull request, by its number, and its branch. */
export interface RequestBranch {
  readonly branch: string;
  readonly pullRequest: number;
}

/** Where somebody wants the work on an issue to begin. */
export interface WantedBegin {
  readonly ref: IssueRef;
  /** The issue's own branch. */
  readonly branch: string;
  /** The branch of origin, tag or commit. */
  readonly from?: string | undefined;
  /** The number of a pull or merge request. */
  readonly pr?: number | undefined;
  /** The pull request that the issue is on already. */
  readonly request?: RequestBranch | undefined;
  /** The other issue that is on a branch of this repository; undefined when there is none. */
  readonly ownerOf: (repository: string, branch: string) => string | undefined;
}

/** Where the work begins, and what is to be said of it. */
export interface Begin {
  readonly at: string;
  readonly note: string;
  /** The branch on which it goes on. */
  readonly branch: string;
  /** The number of the pull request whose branch that is; undefined for the issue's own branch. */
  readonly pullRequest: number | undefined;
  readonly left?: undefined;
}

interface Fetched {
  readonly path: string;
  /** The ref of origin's branch from which work begins. */
  readonly start: string;
  readonly from: FilesFrom;
}

/**
 * The commit that was asked for; undefined when nobody has. The head of a pull request is fetched: its work goes on upon its own
 * branch if origin has that. Call it under the repository's lock.
 *
 * @throws AppError `no_such_ref`, `no_such_pull_request`, `branch_taken`, `repository_*`
 */
export async function whereWorkBegins(
  { env }: Pick<Context, 'env'>,
  wanted: WantedBegin,
  { path, start, from: { url, credentials } }: Fetched,
): Promise<Begin | undefined> {
  const { ref, branch, from, pr: number } = wanted;
  const source = repositoryOf(ref);
  if (number !== undefined) {
    const found = await fetchPullRequest({ repository: path, source, number, url, env, credentials });
    return beginAt(found, { wanted: { ...wanted, number }, start, path });
  }
  if (from === undefined) return undefined;
  const at = await namedCommit(from, { repository: path, source, env });
  return { at, note: `starts from ${from} (${at.slice(0, 10)})`, branch, pullRequest: undefined };
}

/** The branch on which an issue goes on where nobody has said where it begins, and what is to be said of that. */
export interface GoneOnWith {
  readonly branch: string;
  readonly pullRequest: number | undefined;
  readonly left: string | undefined;
}

/** That of its pull request, as long as origin has commits there that the base branch has not; its own otherwise. */
export async function branchGoneOnWith(
  { env }: Pick<Context, 'env'>,
  { branch: own, request }: WantedBegin,
  { path: repository, start: base }: Fetched,
): Promise<GoneOnWith> {
  if (request === undefined) return { branch: own, pullRequest: undefined, left: undefined };
  const { branch, pullRequest } = request;
  const open = await pushedBranch({ repository, branch, base, env });
  if (open !== undefined) return { branch, pullRequest, left: undefined };
  const left = `${branch}, the branch of pull request ${pullRequest}, is merged or gone: the agent pushes ${own}`;
  return { branch: own, pullRequest: undefined, left };
}

interface Request {
  readonly wanted: WantedBegin & { readonly number: number };
  readonly start: string;
  readonly path: string;
}

function beginAt({ name, tip, branches }: PullRequest, { wanted, start, path }: Request): Begin {
  const { ref, branch: own, number, ownerOf } = wanted;
  const source = repositoryOf(ref);
  const begins = `starts from ${name} (${tip.slice(0, 10)})`;
  // Its commits may be in the branch from which work begins already.
  const possible = branches.filter((branch) => `refs/remotes/origin/${branch}` !== start);
  const branch = possible.includes(own) ? own : possible.length === 1 ? possible[0] : undefined;
  if (branch === undefined) {
    const why =
      possible.length === 0
        ? `${source} has no branch that ends there, as with one from a fork`
        : `more than one branch ends there (${possible.join(', ')})`;
    return { at: tip, note: `${begins}; ${why}: the agent pushes ${own}`, branch: own, pullRequest: undefined };
  }
  const owner = ownerOf(path, branch);
  if (owner !== undefined) throw taken(name, branch, owner);
  return { at: tip, note: `${begins}; the agent pushes its branch ${branch}`, branch, pullRequest: number };
}

function taken(name: string, branch: string, owner: string): AppError {
  return new AppError('branch_taken', `${branch}, the branch of ${name}, is already that of ${owner}`, {
    hint: `to go on with it, run: kugetsu continue ${owner} MESSAGE`,
  });
}
