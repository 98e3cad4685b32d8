import { AppError } from '../../util/errors.ts';
import { said, words } from '../../util/words.ts';
import type { Home } from '../home.ts';
import { formatIssueRef, repositoryOf, USUAL_BRANCH_PREFIX, type IssueRef } from '../issues/issue-ref.ts';
import { entryNamed, readRepos, readReposFile, type Repos } from './repos-file.ts';
import { entryFaults, entryOf, faultWords, type RepositoryEntry } from './repository-entry.ts';
import { readServers, type Servers } from './servers-file.ts';

/** The settings of an issue's repository, with those of the issue itself before them. */
export interface RepositorySettings extends RepositoryEntry {
  /** What they are about: `host/owner/repo`, or the issue's ref when that has a URL of its own and so is another repository. */
  readonly about: string;
}

/**
 * What the user has set for the repository of an issue in `repos.json`; what is not set is missing.
 *
 * @throws AppError `corrupt_file`, `bad_repository_setting` that names the key
 */
export async function repositorySettings(
  { home }: { readonly home: Home },
  ref: IssueRef,
): Promise<RepositorySettings> {
  const repos = await readRepos({ home });
  if (repos === undefined) return { about: repositoryOf(ref) };
  const servers = await readServers({ home });
  requireSound(home, repositoryOf(ref), valuesFor(ref, repos, servers));
  return settingsFor(ref, repos, servers);
}

/** How the names of the branches of issues begin in this home: as usual, and as repos.json says of any repository. */
export async function branchPrefixes({ home }: { readonly home: Home }): Promise<string[]> {
  const entries = Object.values((await readReposFile({ home })) ?? {}).map(entryOf);
  const set = entries.map(({ branch_prefix: prefix }) => prefix).filter((prefix) => prefix !== undefined);
  return [...new Set([USUAL_BRANCH_PREFIX, ...set])];
}

/** @throws AppError `bad_repository_setting` when one of these values of repos.json has a mistake */
function requireSound(home: Home, repository: string, values: readonly (readonly [string, unknown])[]): void {
  for (const [key, value] of values) {
    const [first] = entryFaults(value);
    if (first === undefined) continue;
    throw new AppError('bad_repository_setting', faultWords(words`${home.reposFile}: ${said(key, 100)}`, first), {
      hint: `run: kugetsu repo show ${repository}`,
    });
  }
}

/** As {@link repositorySettings}, from what was read; what is wrong in it is left out. */
export function settingsFor(ref: IssueRef, repos: Repos, servers: Servers): RepositorySettings {
  const [ofIssue, ofRepository] = [formatIssueRef(ref), repositoryOf(ref)].map((key) => {
    const found = entryNamed(key, repos, servers);
    return found === undefined ? {} : entryOf(found[1]);
  });
  if (ofIssue?.url !== undefined) return { ...ofIssue, about: formatIssueRef(ref) };
  return { ...ofRepository, ...ofIssue, about: repositoryOf(ref) };
}

function valuesFor(ref: IssueRef, repos: Repos, servers: Servers): (readonly [string, unknown])[] {
  const keys = [formatIssueRef(ref), repositoryOf(ref)];
  return keys.map((key) => entryNamed(key, repos, servers)).filter((found) => found !== undefined);
}
