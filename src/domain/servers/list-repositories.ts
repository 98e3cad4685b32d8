import { said, words, type Words } from '../../util/words.ts';
import { splitCredentials } from '../../util/urls.ts';
import type { Home } from '../home.ts';
import { canonicalKey, isComment, readRepos } from './repos-file.ts';
import { entryFaults, entryOf, faultWords, isRepositoryKey, type RepositoryEntry } from './repository-entry.ts';
import { readServers } from './servers-file.ts';

/** An entry of `repos.json`. */
export interface ListedRepository {
  /** `host/owner/repo`, or the ref of one issue. */
  readonly repository: string;
  /** As it is written in the file. */
  readonly key: string;
  /** What it sets, as far as it is sound; the URL without credentials. */
  readonly settings: RepositoryEntry;
  /** Keys that are no settings of kugetsu's. */
  readonly others: readonly string[];
  readonly problems: readonly RepositoryProblem[];
}

/** What is wrong with an entry of `repos.json`. */
interface RepositoryProblem {
  /** The setting; null when it is the entry as a whole. */
  readonly key: string | null;
  readonly message: Words;
}

/**
 * What is set for each repository, in the order of the file.
 *
 * @throws AppError `corrupt_file`, `bad_repository_setting` for a key that can mean nothing
 */
export async function listRepositories({ home }: { readonly home: Home }): Promise<ListedRepository[]> {
  const [repos, servers] = [(await readRepos({ home })) ?? {}, await readServers({ home })];
  return Object.entries(repos).flatMap(([key, value]) => {
    const repository = canonicalKey(key, servers);
    if (isComment(key) || repository === undefined) return [];
    const entry = words`${home.reposFile}: ${said(key, 100)}`;
    const problems = entryFaults(value).map((fault) => ({ key: fault.key ?? null, message: faultWords(entry, fault) }));
    return [{ repository, key, settings: shownEntry(entryOf(value)), others: othersOf(value, problems), problems }];
  });
}

/** Settings as they may be shown. */
export function shownEntry(entry: RepositoryEntry): RepositoryEntry {
  return entry.url === undefined ? entry : { ...entry, url: splitCredentials(entry.url).url };
}

function othersOf(value: unknown, problems: readonly RepositoryProblem[]): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const wrong = new Set(problems.map(({ key }) => key));
  return Object.keys(value).filter((key) => !isRepositoryKey(key) && !isComment(key) && !wrong.has(key));
}
