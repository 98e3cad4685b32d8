import { said, words, type Words } from '../../util/words.ts';
import { splitCredentials } from '../../util/urls.ts';
import type { Home } from '../home.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { canonicalKey, isComment, readRepos } from './repos-file.ts';
import { chooseCloneSource } from './clone-url.ts';
import {
  entryFaults,
  entryOf,
  faultWords,
  isRepositoryKey,
  REPOSITORY_KEYS,
  type RepositoryEntry,
  type RepositoryKey,
} from './repository-entry.ts';
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

/** A setting of a repository. */
export interface ShownRepositorySetting {
  readonly key: RepositoryKey;
  /** Null when nothing says. */
  readonly value: string | readonly string[] | null;
  /** The key of `repos.json` that sets it, or null. */
  readonly set_by: string | null;
}

/** All that is set for a repository, or for an issue. */
export interface ShownRepository {
  /** As it was asked for, in its one form. */
  readonly repository: string;
  readonly settings: readonly ShownRepositorySetting[];
  readonly problems: readonly RepositoryProblem[];
}

/**
 * The settings in force for a repository, or for an issue, as {@link requireRepository} gives them; the URL also when it is
 * the usual one.
 */
export async function showRepository(context: { readonly home: Home }, name: string): Promise<ShownRepository> {
  const listed = await listRepositories(context);
  const [repository = name] = name.split('#');
  const layers = [...new Set([name, repository])].flatMap(
    (about) => listed.findLast((each) => each.repository === about) ?? [],
  );
  const ownUrl = layers.find(
    (layer) => layer.repository === name && name !== repository && layer.settings.url !== undefined,
  );
  const inForce = ownUrl === undefined ? layers : [ownUrl];
  const ref = parseIssueRef(name === repository ? `${name}#0` : name);
  const { url } = chooseCloneSource(ref, {}, await readServers(context));
  const settings = REPOSITORY_KEYS.map((key): ShownRepositorySetting => {
    const by = inForce.find((layer) => layer.settings[key] !== undefined);
    const value = by?.settings[key] ?? (key === 'url' ? splitCredentials(url).url : null);
    return { key, value, set_by: by?.key ?? null };
  });
  return { repository: name, settings, problems: inForce.flatMap(({ problems }) => problems) };
}
