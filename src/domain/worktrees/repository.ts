import { join } from 'node:path';
import { defaultBranchOf, sourceOf, updateRepository } from '../../adapters/git/bare-repository.ts';
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
  const offer = await offerCredentials(context, { agent: 'dev-agent', ref });
  await makePrivateDirectory(home.repos);
  const path = await placeOf(context, source);
  return withRepository(path, async () => {
    const how = await updateRepository({ path, url, source, env, clock, notBefore, ...offer });
    return body({ path, how, start: await defaultBranchOf(path, env) });
  });
}

/**
 * Fetches a repository that is there already, then runs `body` under the same lock. Undefined, and nothing done, when it
 * is gone, or when the issue's repository is another one by now.
 */
export async function withFetchedRepository<T>(
  { home, env, clock }: Needs,
  { path, ref, waitMs }: { readonly path: string; readonly ref: IssueRef; readonly waitMs: number },
  body: (repository: UpdatedRepository) => Promise<T>,
): Promise<T | undefined> {
  const notBefore = clock.now();
  const { url, source } = await findCloneSource({ home }, ref);
  const offer = await offerCredentials({ home, env }, { agent: 'dev-agent', ref });
  const fetchAndRun = async (): Promise<T | undefined> => {
    if ((await sourceOf(path, env)) !== source) return undefined;
    const how = await updateRepository({ path, url, source, env, clock, notBefore, ...offer });
    return body({ path, how, start: await defaultBranchOf(path, env) });
  };
  return withRepository(path, fetchAndRun, { waitMs });
}

/** Two sources can have one sanitised name; the second one gets a hash. */
async function placeOf({ home, env }: Needs, source: string): Promise<string> {
  const name = sanitisedName(source);
  const path = join(home.repos, `${name}.git`);
  const owner = await withRepository(path, async () => sourceOf(path, env));
  return owner === undefined || owner === source ? path : join(home.repos, `${name}-${shortHash(source)}.git`);
}
