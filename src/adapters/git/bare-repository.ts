import { dirname, join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import type { Clock } from '../clock.ts';
import { rename, rm } from '../store/changes.ts';
import { makePrivateDirectory, placeFile, readTextIfExists, removeDirectory } from '../store/private-files.ts';
import { cloneBeside } from '../store/temporary-name.ts';
import { type AskedHead, askRemoteHead, setOriginHead, writeRemoteHead } from './base-branch.ts';
import { cloneBareInto } from './clone-bare.ts';
import { causeOf, remoteFailure } from './clone-failure.ts';
import { atGitDirectory, atPlainGitDirectory, type GitPlace } from './git-place.ts';
import { type Environment, gitVersion, TRANSFER_TIMEOUT_MS, tryGit } from './git-command.ts';
import { inRepository } from './isolation.ts';
import { clonedFacts, noteFacts, ownFacts, remoteConfig } from './own-directory.ts';
import { packLooseRefs } from './pack-repository.ts';
import { writeSharedConfig } from './shared/shared-config.ts';
import { fetchWhole, noteShallow, partialPacks } from './shared/shared-objects.ts';
import { pathExists } from '../store/paths.ts';

const FETCHED_FILE = 'kugetsu-fetched';
const FETCH = ['fetch', '--quiet', '--prune', '--no-recurse-submodules', '--no-write-fetch-head'];

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
  /** Called when a transfer begins, and then with how far git is. */
  readonly onTransfer?: OnTransfer | undefined;
}

/** Is told that the repository of a source is cloned or fetched, and how far git is, if it says so. */
export type OnTransfer = (what: 'cloning' | 'fetching', source: string, how?: string) => void;

/** What the repository at `path` stands for, or undefined when there is none. */
export async function sourceOf(path: string): Promise<string | undefined> {
  return (await ownFacts(path))?.source;
}

/**
 * Makes the repository, or updates it. The first time it is built beside its place and moved there when it is whole.
 * Call it under the repository's lock.
 *
 * @throws AppError `repository_*` with the reason in one line
 */
export async function updateRepository(repository: BareRepository): Promise<'cloned' | 'fetched'> {
  const { path, source, onTransfer } = repository;
  if ((await sourceOf(path)) !== source) {
    await cloneBare(repository);
    return 'cloned';
  }
  if (await isNewEnough(repository)) return 'fetched';
  onTransfer?.('fetching', source);
  await fetchOrigin(repository, path);
  return 'fetched';
}

/** Whether it was fetched since `notBefore`. A fetch time in the future comes from before the clock was set back. */
async function isNewEnough({ path, notBefore, clock }: BareRepository): Promise<boolean> {
  const last = await lastFetch(path);
  return last >= notBefore && last <= clock.now();
}

/** Notes another address of a repository that stands for `source`: agents push there. Call it under the repository's lock. */
export async function followUrl(
  path: string,
  { source, url }: { readonly source: string; readonly url: string },
): Promise<void> {
  const facts = await ownFacts(path);
  if (facts?.source === source && facts.url !== url) await noteFacts(path, { ...facts, url });
}

async function cloneBare(repository: BareRepository): Promise<void> {
  const { path, url, source, env, credentials, accessHint, onTransfer } = repository;
  const onProgress = (how: string): void => onTransfer?.('cloning', source, how);
  if (await pathExists(path)) {
    throw new AppError('repository_in_the_way', `${path} is not a repository that kugetsu made for ${source}`, {
      hint: 'inspect it and move it away; the next start clones again',
    });
  }
  const building = cloneBeside(path);
  onTransfer?.('cloning', source);
  try {
    await makePrivateDirectory(building);
    const startedAt = repository.clock.now();
    const [cloning, asking, version] = await Promise.allSettled([
      cloneBareInto(building, { url, env, credentials, accessHint, onProgress }),
      askRemoteHead(url, transfer(atPlainGitDirectory(building, env), credentials)),
      gitVersion(dirname(path), env),
    ]);
    // What a git that is too old says of it would only mislead.
    fulfilled(version);
    const made = fulfilled(cloning);
    const asked = fulfilled(asking);
    const facts = { ...(await clonedFacts(made)), source, url };
    await noteFacts(made, facts);
    await writeSharedConfig(made, facts);
    await noteHead(repository, { path: made, place: atGitDirectory(made, env), verb: 'clone', asked });
    await noteShallow(made);
    await noteFetch(made, startedAt);
    await rename(made, path);
  } finally {
    await removeDirectory(building);
  }
}

/** Does not wait for the disk: without the file, or with an empty one, the next start fetches again. */
async function noteFetch(path: string, startedAt: number): Promise<void> {
  await placeFile(join(path, FETCHED_FILE), `${startedAt}\n`);
}

/** When the last successful fetch began; processes that waited for it need none of their own. */
async function lastFetch(path: string): Promise<number> {
  const text = await readTextIfExists(join(path, FETCHED_FILE));
  return text === undefined ? 0 : Number(text) || 0;
}

async function fetchOrigin(repository: BareRepository, path: string): Promise<void> {
  const { url, env, credentials, accessHint, clock } = repository;
  const startedAt = clock.now();
  if ((await partialPacks(path)).length > 0) {
    const all = { repository: path, env, config: remoteConfig(url), refs: false };
    await inRepository(all, async (place) => fetchWhole(path, transfer(place, credentials)));
  }
  await inRepository({ repository: path, env, config: remoteConfig(url) }, async (place) => {
    const options = transfer(place, credentials);
    // All that a shallow remote has is fetched, and full history once it is no longer shallow.
    const depth = (await pathExists(join(path, 'shallow'))) ? ['--unshallow'] : [];
    const [fetched, asked] = await Promise.all([
      tryGit([...FETCH, '--update-shallow', ...depth, 'origin'], options),
      askRemoteHead('origin', options),
    ]);
    if (fetched.exitCode !== 0) {
      const known = await causeOf(url, fetched.stderr, options);
      throw remoteFailure({ verb: 'fetch', url, accessHint, ...fetched, known });
    }
    if (depth.length > 0 && !(await pathExists(join(place.directory, 'shallow')))) await rm(join(path, 'shallow'));
    await packLooseRefs(path, place);
    await noteHead(repository, { path, place, verb: 'fetch', asked });
  });
  await noteShallow(path);
  await noteFetch(path, startedAt);
}

interface Noting {
  readonly path: string;
  readonly place: GitPlace;
  readonly verb: 'clone' | 'fetch';
  readonly asked: AskedHead;
}

async function noteHead({ url, accessHint }: BareRepository, { path, place, verb, asked }: Noting): Promise<void> {
  const { result, head } = asked;
  if (result.exitCode !== 0) throw remoteFailure({ verb, url, accessHint, ...result });
  await writeRemoteHead(path, head);
  await setOriginHead(head, place);
}

function transfer(place: GitPlace, credentials: Environment): Parameters<typeof tryGit>[1] {
  const extraEnv = { ...place.extraEnv, ...credentials };
  return { ...place, extraEnv, timeoutMs: TRANSFER_TIMEOUT_MS, network: true };
}

function fulfilled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
