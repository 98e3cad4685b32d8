import { join } from 'node:path';
import { baseBranchOf, type BaseBranch } from '../../adapters/git/base-branch.ts';
import { sourceOf, updateRepository } from '../../adapters/git/bare-repository.ts';
import type { FilesFrom } from '../../adapters/git/worktree.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { sanitisedName, shortHash } from '../issues/sanitised-name.ts';
import { findCloneSource } from '../servers/clone-url.ts';
import { offerCredentials } from '../servers/offer-credentials.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

// A first clone may take long; whoever comes second waits for it.
const LOCK_WAIT_MS = 60 * 60_000;

/** The wait of those who can do without: longer than a holder that was killed is waited for. */
export const SHORT_LOCK_WAIT_MS = 10_000;

/** A bare repository that is up to date. */
interface UpdatedRepository {
  readonly path: string;
  /** The ref from which new branches start. */
  readonly start: string;
  readonly how: 'cloned' | 'fetched';
  /** Where files come from that are not in the repository. */
  readonly from: FilesFrom;
  /** What a person should know of how `start` was chosen. */
  readonly note: string | undefined;
}

/** The lock of the repository at `path`. */
export function repositoryLock(path: string): string {
  return `${path}.lock`;
}

/** Runs `body` as the only one that changes this repository's metadata, after waiting `waitMs` for others at the most. */
export async function withRepository<T>(
  path: string,
  body: () => Promise<T>,
  { waitMs = LOCK_WAIT_MS }: { readonly waitMs?: number } = {},
): Promise<T> {
  return withLock(repositoryLock(path), body, { waitMs });
}

/** Clones or fetches the repository of an issue, then runs `body` under the same lock. */
export async function withUpdatedRepository<T>(
  context: Needs,
  ref: IssueRef,
  body: (repository: UpdatedRepository) => Promise<T>,
): Promise<T> {
  const { home, env, clock } = context;
  const notBefore = clock.now();
  const { url, source } = await findCloneSource(context, ref);
  const offer = await offerCredentials(context, { agent: 'dev-agent', ref, inherited: env });
  await makePrivateDirectory(home.repos);
  const path = await placeOf(context, source);
  return withRepository(path, async () => {
    const how = await updateRepository({ path, url, source, env, clock, notBefore, ...offer });
    const { ref: start, note } = await baseBranch(context, ref, path);
    return body({ path, how, start, from: { url, credentials: offer.credentials }, note });
  });
}

/**
 * Fetches a repository that is there already, then runs `body` under the same lock. Undefined, and nothing done, when it
 * is gone, or when the issue's repository is another one by now.
 */
export async function withFetchedRepository<T>(
  context: Needs,
  { path, ref, waitMs }: { readonly path: string; readonly ref: IssueRef; readonly waitMs: number },
  body: (repository: UpdatedRepository) => Promise<T>,
): Promise<T | undefined> {
  const { env, clock } = context;
  const notBefore = clock.now();
  const { url, source } = await findCloneSource(context, ref);
  const offer = await offerCredentials(context, { agent: 'dev-agent', ref, inherited: env });
  const fetchAndRun = async (): Promise<T | undefined> => {
    if ((await sourceOf(path, env)) !== source) return undefined;
    const how = await updateRepository({ path, url, source, env, clock, notBefore, ...offer });
    const { ref: start, note } = await baseBranch(context, ref, path);
    return body({ path, how, start, from: { url, credentials: offer.credentials }, note });
  };
  return withRepository(path, fetchAndRun, { waitMs });
}

/**
 * Where work on an issue begins in its repository at `path`, by `base_branch` of repos.json, or else by origin's HEAD.
 *
 * @throws AppError `repository_empty`, `base_branch_missing`, `base_branch_unknown`
 */
export async function baseBranch(
  { home, env }: Pick<Needs, 'home' | 'env'>,
  ref: IssueRef,
  path: string,
): Promise<BaseBranch> {
  const { baseBranch: wanted, source } = await findCloneSource({ home }, ref);
  return baseBranchOf({ path, env, wanted, source, settings: home.reposFile });
}

/** Where the files of an issue's worktree come from that are not in its repository, with the credentials for it. */
export async function filesFrom(context: Pick<Needs, 'home' | 'env'>, ref: IssueRef): Promise<FilesFrom> {
  const { url } = await findCloneSource(context, ref);
  return {
    url,
    credentials: (await offerCredentials(context, { agent: 'dev-agent', ref, inherited: context.env })).credentials,
  };
}

/** Two sources can have one sanitised name; the second one gets a hash. */
async function placeOf({ home, env }: Needs, source: string): Promise<string> {
  const name = sanitisedName(source);
  const path = join(home.repos, `${name}.git`);
  const owner = await withRepository(path, async () => sourceOf(path, env));
  return owner === undefined || owner === source ? path : join(home.repos, `${name}-${shortHash(source)}.git`);
}
