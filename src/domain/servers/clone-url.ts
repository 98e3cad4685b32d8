import { AppError } from '../../util/errors.ts';
import { splitCredentials } from '../../util/urls.ts';
import type { Home } from '../home.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import type { Repos } from './repos-file.ts';
import { repositorySettings, settingsFor, type RepositorySettings } from './repository-settings.ts';
import { repositoryUrl } from './server-url.ts';
import { readServers, serverOf, type Servers } from './servers-file.ts';

/** Where a repository is cloned from. */
export interface CloneSource {
  readonly url: string;
  /** What the clone stands for: `host/owner/repo`, or one issue's ref when that has a URL of its own. */
  readonly source: string;
  /** The branch of origin from which work begins, when it was named. */
  readonly baseBranch?: string;
}

/** The same, with the URL as it may be written and shown. */
interface CleanCloneSource extends CloneSource {
  /** What stood in the URL before the host. */
  readonly login: string | undefined;
  readonly password: string | undefined;
}

/**
 * The clone URL of an issue's repository, from repos.json, the servers, or the host; its credentials apart.
 *
 * @throws AppError `bad_clone_url`, and as {@link repositorySettings}
 */
export async function findCloneSource({ home }: { readonly home: Home }, ref: IssueRef): Promise<CleanCloneSource> {
  const settings = await repositorySettings({ home }, ref);
  const source = sourceIn(ref, settings, await readServers({ home }));
  if (isUsableUrl(source.url)) return { ...source, ...splitCredentials(source.url) };
  throw new AppError('bad_clone_url', `${home.reposFile}: the clone URL of ${source.source} is not usable`, {
    hint: USABLE_URLS,
  });
}

/** What a clone URL can be. */
export const USABLE_URLS = 'give an https, ssh (without a password) or file URL, or an absolute path';

/** Whether git can be given this to clone from. */
export function isUsableUrl(url: string): boolean {
  // ssh would show a password on its command line, and asks for one anyway.
  return url !== '' && !url.startsWith('-') && !/^ssh:\/\/[^/@]*:[^/]*@/i.test(url);
}

/** By full ref, by `host/owner/repo`, by the server that has this name or host, and else by the host itself. */
export function chooseCloneSource(ref: IssueRef, repos: Repos, servers: Servers): CloneSource {
  return sourceIn(ref, settingsFor(ref, repos, servers), servers);
}

function sourceIn(ref: IssueRef, { about, url, base_branch }: RepositorySettings, servers: Servers): CloneSource {
  const server = serverOf(servers, ref.instance);
  return {
    url: url ?? repositoryUrl(server?.url ?? `https://${ref.instance}`, ref.owner, ref.repo),
    source: about,
    ...(base_branch === undefined ? {} : { baseBranch: base_branch }),
  };
}
