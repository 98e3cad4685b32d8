import { join } from 'node:path';
import { type BaseBranch, baseBranchOf } from '../../adapters/git/base-branch.ts';
import { followUrl, sourceOf, updateRepository, type OnTransfer } from '../../adapters/git/bare-repository.ts';
import { type Restoration, restoreRepository } from '../../adapters/git/shared/examine.ts';
import type { FilesFrom } from '../../adapters/git/worktree.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { sanitisedName, shortHash } from '../issues/sanitised-name.ts';
import { findCloneSource } from '../servers/clone-url.ts';
import { offerCredentials } from '../servers/credentials.ts';
import { pathExists } from '../../adapters/store/paths.ts';
import { AppError } from '../../util/errors.ts';

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
  /** The commit at its tip. */
  readonly tip: string;
  readonly how: 'cloned' | 'fetched';
  /** Where files come from that are not in the repository. */
  readonly from: FilesFrom;
  /** What a person should know of how `start` was chosen. */
  readonly note: string | undefined;
  /** What a person should know of what agents had made of the repository. */
  readonly restored: readonly string[];
}

/** The lock of the repository at `path`. */
export function repositoryLock(path: string): string {
  return `${path}.lock`;
}

/** Runs `body` as the only one that changes this repository's metadata, after waiting `waitMs` for others at most. */
export async function withRepository<T>(
  path: string,
  body: () => Promise<T>,
  { waitMs = LOCK_WAIT_MS }: { readonly waitMs?: number } = {},
): Promise<T> {
  return withLock(repositoryLock(path), body, { waitMs });
}

/** Clones or fetches the repository of an issue, in which there is room for its branch, then runs `body` under the same lock. */
export async function withUpdatedRepository<T>(
  context: Needs,
  { ref, branch, onTransfer }: { readonly ref: IssueRef; readonly branch: string; readonly onTransfer?: OnTransfer },
  body: (repository: UpdatedRepository) => Promise<T>,
): Promise<T> {
  const { home, env } = context;
  const notBefore = context.clock.now();
  const { url, source } = await findCloneSource(context, ref);
  const offer = await offerCredentials(context, { agent: 'dev-agent', ref, inherited: env });
  await makePrivateDirectory(home.repos);
  const wanted = { ref, branch, url, source, notBefore, offer, onTransfer };
  return atPlaceOf(context, source, async (path) => body(await update(context, { ...wanted, path })));
}

interface Wanted {
  readonly ref: IssueRef;
  /** A branch that there is to be room for. */
  readonly branch?: string;
  readonly path: string;
  readonly url: string;
  readonly source: string;
  readonly notBefore: number;
  readonly offer: Awaited<ReturnType<typeof offerCredentials>>;
  readonly onTransfer?: OnTransfer | undefined;
}

/** Puts a repository right and fetches it, or clones it. Call it under its lock. */
async function update(
  context: Needs,
  { ref, branch, path, url, source, notBefore, offer, onTransfer }: Wanted,
): Promise<UpdatedRepository> {
  const { env, clock } = context;
  await followUrl(path, { source, url });
  const restore = async (): Promise<Restoration> => restoreRepository(path, env, branch);
  const remote = { path, url, source, env, clock, notBefore, onTransfer, ...offer };
  const { done, left } = await restore();
  const how = await updateRepository(remote);
  // What was missing may have been fetched.
  const missing = left.length > 0 ? (await restore()).left : [];
  const restored = notesOf(path, { done, left: missing });
  const { ref: start, tip, note } = await baseBranch(context, ref, path, { isSound: missing.length === 0 });
  return { path, how, start, tip, from: { url, credentials: offer.credentials }, note, restored };
}

/** Makes room for a branch in a repository. Call it under its lock. @returns what a person should know of that, a line each */
export async function makeRoomFor(
  { env }: Pick<Needs, 'env'>,
  { path, branch }: { readonly path: string; readonly branch: string },
): Promise<string[]> {
  return notesOf(path, await restoreRepository(path, env, branch));
}

/**
 * Fetches a repository that exists already, then runs `body` under the same lock. Undefined, and nothing done, when it
 * is gone, or when the issue's repository is another one now.
 */
export async function withFetchedRepository<T>(
  context: Needs,
  { path, ref, waitMs }: { readonly path: string; readonly ref: IssueRef; readonly waitMs: number },
  body: (repository: UpdatedRepository) => Promise<T>,
): Promise<T | undefined> {
  const { env } = context;
  const notBefore = context.clock.now();
  const { url, source } = await findCloneSource(context, ref);
  const offer = await offerCredentials(context, { agent: 'dev-agent', ref, inherited: env });
  const fetchAndRun = async (): Promise<T | undefined> => {
    if ((await sourceOf(path)) !== source) return undefined;
    return body(await update(context, { ref, path, url, source, notBefore, offer }));
  };
  return withRepository(path, fetchAndRun, { waitMs });
}

/**
 * Runs `body` as the only one that changes a repository, which is then as kugetsu made it: what an agent, or a git that was
 * killed, has left there is put right first. `body` is given what a person should know of that, a line each.
 */
export async function withSoundRepository<T>(
  { env }: Pick<Needs, 'env'>,
  path: string,
  body: (restored: readonly string[]) => Promise<T>,
  { waitMs = LOCK_WAIT_MS }: { readonly waitMs?: number } = {},
): Promise<T> {
  const restoreAndRun = async (): Promise<T> => body(notesOf(path, await restoreRepository(path, env)));
  return withRepository(path, restoreAndRun, { waitMs });
}

const MOST_SAID = 5;

function notesOf(path: string, { done, left }: Restoration): string[] {
  const some = (lines: readonly string[]): string => {
    const more = lines.length - MOST_SAID;
    return `${lines.slice(0, MOST_SAID).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  };
  return [
    ...(done.length > 0 ? [`${path} was not as kugetsu made it: ${some(done)}`] : []),
    ...(left.length > 0 ? [`${path} is not as kugetsu made it: ${some(left)}`] : []),
  ];
}

/**
 * Where work on an issue begins in its repository at `path`, by `base_branch` of repos.json, or else by origin's HEAD.
 * `isSound` when the object of each ref is known to be there.
 *
 * @throws AppError `repository_empty`, `base_branch_missing`, `base_branch_unknown`
 */
export async function baseBranch(
  { home, env }: Pick<Needs, 'home' | 'env'>,
  ref: IssueRef,
  path: string,
  { isSound = false }: { readonly isSound?: boolean } = {},
): Promise<BaseBranch> {
  const { baseBranch: wanted, source } = await findCloneSource({ home }, ref);
  return baseBranchOf({ path, env, wanted, source, settings: home.reposFile, isSound });
}

/** Where the files of an issue's worktree come from that are not in its repository, with the credentials for it. */
export async function filesFrom(context: Pick<Needs, 'home' | 'env'>, ref: IssueRef): Promise<FilesFrom> {
  const { url } = await findCloneSource(context, ref);
  return {
    url,
    credentials: (await offerCredentials(context, { agent: 'dev-agent', ref, inherited: context.env })).credentials,
  };
}

/** Runs `body` under the lock of a source's repository. Two sources can have one sanitised name; the second one gets a hash. */
async function atPlaceOf<T>(
  { home }: Pick<Needs, 'home'>,
  source: string,
  body: (path: string) => Promise<T>,
): Promise<T> {
  const name = sanitisedName(source);
  const path = join(home.repos, `${name}.git`);
  const done = await withRepository(path, async () => {
    const owner = await sourceOf(path);
    return owner === undefined || owner === source ? { result: await body(path) } : undefined;
  });
  if (done !== undefined) return done.result;
  const other = join(home.repos, `${name}-${shortHash(source)}.git`);
  return withRepository(other, async () => body(other));
}

/**
 * Makes the repository of an issue that goes on what kugetsu made it: other agents work in it, too. What fails there holds no
 * agent up. @returns what a person should know of it, a line each
 */
export async function restoreForRun(
  context: Pick<Context, 'env'>,
  repository: string | null,
): Promise<readonly string[]> {
  if (repository === null || !(await pathExists(repository))) return [];
  try {
    return await withSoundRepository(context, repository, async (restored) => restored, { waitMs: SHORT_LOCK_WAIT_MS });
  } catch (error) {
    if (error instanceof AppError)
      return [`changes by other agents to ${repository} were not undone: ${error.message}`];
    throw error;
  }
}
