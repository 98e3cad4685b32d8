import { join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { readTextIfExists } from '../store/private-files.ts';
import { remoteFailure } from './clone-failure.ts';
import { type Environment, git, TRANSFER_TIMEOUT_MS, tryGit } from './git-command.ts';
import { inRepository } from './isolation.ts';
import { objectName } from './object-name.ts';
import { remoteConfig } from './own-directory.ts';
import { quoted, words } from '../../util/words.ts';
import { commitOf } from './temporary-index.ts';

const ORIGIN = 'refs/remotes/origin/';

/** What a pull or merge request is at its server. */
export interface PullRequest {
  /** As a person says it: `pull request 92`, or `merge request 92` on GitLab. */
  readonly name: string;
  /** The commit at its head. */
  readonly tip: string;
  /** The branches of origin that have that commit at their end, by name. */
  readonly branches: readonly string[];
}

interface Asked {
  readonly repository: string;
  /** What the repository stands for, `host/owner/repo`. */
  readonly source: string;
  readonly number: number;
  readonly url: string;
  readonly env: Environment;
  /** Variables with which git finds the credentials for origin. */
  readonly credentials: Environment;
}

/**
 * Fetches the head of a pull or merge request together with origin's branches, so that the two belong to one moment. GitHub and
 * Gitea keep it in `refs/pull/N/head`, GitLab in `refs/merge-requests/N/head`. Call it under the repository's lock.
 *
 * @throws AppError `no_such_pull_request`, `repository_*`
 */
export async function fetchPullRequest({
  repository,
  source,
  number,
  url,
  env,
  credentials,
}: Asked): Promise<PullRequest> {
  return inRepository({ repository, env, config: remoteConfig(url) }, async (place) => {
    const extraEnv = { ...place.extraEnv, ...credentials };
    const transfer = { ...place, extraEnv, timeoutMs: TRANSFER_TIMEOUT_MS, network: true };
    const refs = [`refs/pull/${number}/head`, `refs/merge-requests/${number}/head`];
    const listed = await tryGit(['ls-remote', '--refs', '--', 'origin', ...refs], transfer);
    if (listed.exitCode !== 0) throw remoteFailure({ verb: 'fetch', url, ...listed });
    const ref = refs.find((each) => listed.stdout.split('\n').some((line) => line.endsWith(`\t${each}`)));
    if (ref === undefined) throw missing(source, number);
    const args = ['fetch', '--quiet', '--no-recurse-submodules', '--no-tags', '--update-shallow', 'origin'];
    const fetched = await tryGit([...args, ref, `+refs/heads/*:${ORIGIN}*`], transfer);
    if (/couldn't find remote ref/.test(fetched.stderr)) throw missing(source, number);
    if (fetched.exitCode !== 0) throw remoteFailure({ verb: 'fetch', url, ...fetched });
    const tip = await fetchedTip(join(place.directory, 'FETCH_HEAD'), ref);
    if (tip === undefined) throw missing(source, number);
    const pointing = await git(['for-each-ref', `--points-at=${tip}`, '--format=%(refname)', ORIGIN], place);
    return {
      name: `${ref.startsWith('refs/pull/') ? 'pull' : 'merge'} request ${number}`,
      tip,
      branches: pointing
        .split('\n')
        .filter((name) => name.startsWith(ORIGIN) && name !== `${ORIGIN}HEAD`)
        .map((name) => name.slice(ORIGIN.length)),
    };
  });
}

/** git-fetch(1) notes there what it has fetched: the commit, and what it was at its server. */
async function fetchedTip(path: string, ref: string): Promise<string | undefined> {
  const noted = (await readTextIfExists(path)) ?? '';
  const line = noted.split('\n').find((each) => each.includes(`\t'${ref}' of `));
  return line === undefined ? undefined : objectName(line.split('\t')[0] ?? '');
}

function missing(source: string, number: number): AppError {
  return new AppError('no_such_pull_request', `${source} has no pull or merge request ${number}`, {
    hint: 'check the number: an issue will not do; kugetsu knows the requests of GitHub, Gitea, Forgejo and GitLab',
  });
}

/** At least as many digits as git makes of a short name by itself. */
const COMMIT = /^[0-9a-f]{7,64}$/;

/**
 * The commit that somebody means by the name of a branch of origin, of a tag, or of a commit, in this order, as of the last
 * fetch.
 *
 * @throws AppError `no_such_ref`
 */
export async function namedCommit(
  name: string,
  { repository, source, env }: { readonly repository: string; readonly source: string; readonly env: Environment },
): Promise<string> {
  const commit = await inRepository({ repository, env, config: [] }, async (at) => {
    for (const ref of candidates(name)) {
      const found = await commitOf(ref, at);
      if (found !== undefined) return found;
    }
    return undefined;
  });
  if (commit !== undefined) return commit;
  throw new AppError('no_such_ref', words`${source} has no branch, tag or commit ${quoted(name, 100)}`, {
    hint: 'give --from the name of a branch or tag of the repository, or at least 7 digits of a commit on one of its branches',
  });
}

/** A name is taken as it is: git would take `main~2`, or what only an agent has, for a commit, too. */
function candidates(name: string): string[] {
  if (!/^[^\s~^:?*[\\-][^\s~^:?*[\\]*$/.test(name) || name.includes('..') || name.includes('@{')) return [];
  const short = name.replace(/^(?:refs\/remotes\/)?origin\//, '').replace(/^refs\/(?:heads|tags)\//, '');
  const refs = [`refs/remotes/origin/${short}`, `refs/tags/${short}`];
  return COMMIT.test(name) ? [...refs, name] : refs;
}
