import { randomBytes } from '../random.ts';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import type { Clock } from '../clock.ts';
import { rename } from '../store/changes.ts';
import { makePrivateDirectory, readTextIfExists, removeDirectory, replaceFile } from '../store/private-files.ts';
import { remoteFailure } from './clone-failure.ts';
import { git, tryGit, type Environment } from './git-command.ts';
import { inRepository } from './isolation.ts';
import { pathExists } from './worktree.ts';

const TRANSFER_TIMEOUT_MS = 60 * 60_000;
const SOURCE_KEY = 'kugetsu.source';
const REFSPEC = '+refs/heads/*:refs/remotes/origin/*';
const FETCHED_FILE = 'kugetsu-fetched';

/** A bare repository under the home that follows one remote. */
interface BareRepository {
  readonly path: string;
  readonly url: string;
  /** What it stands for, `host/owner/repo`; tells two remotes with one sanitised name apart. */
  readonly source: string;
  readonly env: Environment;
  /** Variables with which git finds the credentials for the remote. */
  readonly credentials: Environment;
  /** What to do when the remote refuses them, if that is known. */
  readonly accessHint: string | undefined;
  readonly clock: Clock;
  /** A fetch that began at this time or later is new enough, in milliseconds since the epoch. */
  readonly notBefore: number;
}

/** What the repository at `path` stands for, or undefined when there is none. */
export async function sourceOf(path: string, env: Environment): Promise<string | undefined> {
  const result = await tryGit(['--git-dir', path, 'config', '--get', SOURCE_KEY], { cwd: dirname(path), env }).catch(
    () => undefined,
  );
  return result?.exitCode === 0 ? result.stdout.trim() : undefined;
}

/**
 * Makes the repository, or updates it. The first time it is built beside its place and moved there when it is whole.
 * Call it under the repository's lock.
 *
 * @throws AppError `repository_*` with the reason in one line
 */
export async function updateRepository(repository: BareRepository): Promise<'cloned' | 'fetched'> {
  const { path, url, env, notBefore, clock } = repository;
  if ((await sourceOf(path, env)) === repository.source) {
    const last = await lastFetch(path);
    // A fetch that seems to be still to come was made before the clock was set back.
    if (last >= notBefore && last <= clock.now()) return 'fetched';
    await git(['config', 'remote.origin.url', url], { cwd: path, env });
    await fetchOrigin(repository, path, 'fetch');
    return 'fetched';
  }
  await cloneBare(repository);
  return 'cloned';
}

/**
 * The remote-tracking ref of origin's default branch, for example `refs/remotes/origin/main`.
 *
 * @throws AppError `repository_empty` when origin has no branch yet
 */
export async function defaultBranchOf(path: string, env: Environment): Promise<string> {
  const head = await tryGit(['symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD'], { cwd: path, env });
  const ref = head.stdout.trim();
  const known = await tryGit(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd: path, env });
  if (head.exitCode === 0 && known.exitCode === 0) return ref;
  throw new AppError('repository_empty', `the default branch of ${basename(path)} has no commit`, {
    hint: 'push a first commit to the repository, or set its default branch to one that exists',
  });
}

async function cloneBare(repository: BareRepository): Promise<void> {
  const { path, url, source, env } = repository;
  if (await pathExists(path)) {
    throw new AppError('repository_in_the_way', `${path} is not a repository that kugetsu made for ${source}`, {
      hint: 'look at it and move it away; the next start clones anew',
    });
  }
  const building = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
  await makePrivateDirectory(building);
  try {
    await git(['init', '--quiet', '--bare', '--template=', building], { cwd: building, env });
    for (const [key, value] of [
      ['remote.origin.url', url],
      ['remote.origin.fetch', REFSPEC],
      [SOURCE_KEY, source],
    ] as const) {
      await git(['config', key, value], { cwd: building, env });
    }
    await fetchOrigin(repository, building, 'clone');
    await rename(building, path);
  } catch (error) {
    await removeDirectory(building);
    throw error;
  }
}

/** When the last fetch that succeeded began; those who waited for it need none of their own. */
async function lastFetch(path: string): Promise<number> {
  const text = await readTextIfExists(join(path, FETCHED_FILE));
  return text === undefined ? 0 : Number(text) || 0;
}

async function fetchOrigin(repository: BareRepository, path: string, verb: 'clone' | 'fetch'): Promise<void> {
  const { url, env, credentials, accessHint, clock } = repository;
  const startedAt = clock.now();
  const config = [
    ['remote.origin.url', url],
    ['remote.origin.fetch', REFSPEC],
  ] as const;
  await inRepository({ repository: path, env, config }, async (place) => {
    const extraEnv = { ...place.extraEnv, ...credentials };
    const options = { ...place, extraEnv, timeoutMs: TRANSFER_TIMEOUT_MS, network: true };
    const fetched = await tryGit(['fetch', '--quiet', '--prune', '--no-recurse-submodules', 'origin'], options);
    if (fetched.exitCode !== 0) throw remoteFailure({ verb, url, accessHint, ...fetched });
    const head = await tryGit(['remote', 'set-head', 'origin', '--auto'], options);
    if (head.exitCode !== 0 && !/Cannot determine remote HEAD/i.test(head.stderr)) {
      throw remoteFailure({ verb, url, accessHint, ...head });
    }
  });
  await replaceFile(join(path, FETCHED_FILE), `${startedAt}\n`);
}
