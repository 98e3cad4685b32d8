import * as z from 'zod/mini';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { AppError } from '../../util/errors.ts';
import { pasteQuote } from '../../util/text.ts';
import { quoted, words } from '../../util/words.ts';
import type { Home } from '../home.ts';
import { isRefPart, parseIssueRef } from '../issues/issue-ref.ts';
import { instanceOf, readServers, serverNamed, serverOf, type Servers } from './servers-file.ts';

const NO_SERVERS: Servers = { default: null, servers: {} };

// What is wrong with a value concerns only the repository that has it.
const ReposSchema = z.record(z.string(), z.unknown());

/** `repos.json`: an issue ref, or `host/owner/repo`, to a clone URL, or to an object with settings of that repository. */
export type Repos = Readonly<Record<string, unknown>>;

/**
 * What stands in `repos.json`; undefined without the file.
 *
 * @throws AppError `corrupt_file`; `bad_repository_setting` for a key that can mean nothing
 */
export async function readRepos({ home }: { readonly home: Home }): Promise<Repos | undefined> {
  const repos = await readReposFile({ home });
  const keys = Object.keys(repos ?? {}).filter((key) => !isComment(key));
  const needsDefault = keys.some((key) => meaningOf(key)?.instance === undefined);
  const servers = needsDefault ? await readServers({ home }) : NO_SERVERS;
  const meaningless = keys.find((key) => canonicalKey(key, servers) === undefined);
  if (meaningless === undefined) return repos;
  const why =
    meaningOf(meaningless) === undefined
      ? 'means no repository and no issue'
      : 'names no server, and there is no default one';
  throw new AppError('bad_repository_setting', words`${home.reposFile}: the key ${quoted(meaningless, 100)} ${why}`, {
    hint: `write host/owner/repo or host/owner/repo#identifier; to remove it, run: kugetsu repo unset ${pasteQuote(meaningless)}`,
  });
}

/** The same, whatever its keys are. @throws AppError `corrupt_file` */
export async function readReposFile({ home }: { readonly home: Home }): Promise<Repos | undefined> {
  return readJsonFile(home.reposFile, { schema: ReposSchema, what: 'the file of repositories' });
}

/** What JSON has for comments: a key of a word that no ref begins like. */
export function isComment(key: string): boolean {
  return /^(?:[_$@#]|\/\/)/.test(key.trim()) && !/^[^/\s]+[/\s]+[^/\s]+[/\s]+\S/.test(key.trim());
}

/** What a key of repos.json says, part by part. */
interface Meaning {
  /** Undefined when it is the default server. */
  readonly instance: string | undefined;
  readonly owner: string;
  readonly repo: string;
  /** With the `#` before it; empty for the repository. */
  readonly issue: string;
}

/** The parts of a key; undefined when it has not the form of a ref. */
export function meaningOf(key: string): Meaning | undefined {
  const [path = '', ...issues] = folded(key).split('#');
  const [repo = '', owner = '', instance, ...more] = path.split('/').toReversed();
  const issue = issues.map((each) => `#${each}`).join('');
  if (more.length > 0 || ![instance ?? 'default', owner, repo].every(isRefPart)) return undefined;
  return issue === '' || isIssueRef(`host/${owner}/${repo}${issue}`) ? { instance, owner, repo, issue } : undefined;
}

/** A key as it is compared. The bash script's own documentation has a space in place of the second slash. */
export function folded(key: string): string {
  const text = key.trim().replaceAll(/\s+/g, '/');
  const slashes = text.split('#')[0]?.split('/').length ?? 0;
  const slash = text.indexOf('/');
  return slashes < 3 ? text : text.slice(0, slash).toLowerCase() + text.slice(slash);
}

function isIssueRef(text: string): boolean {
  try {
    parseIssueRef(text);
    return true;
  } catch {
    return false;
  }
}

/** A key in the one form that all keys of a repository, or of an issue, have; undefined when it means none on these servers. */
export function canonicalKey(key: string, servers: Servers): string | undefined {
  const meaning = meaningOf(key);
  if (meaning === undefined) return undefined;
  const { instance = servers.default ?? undefined, owner, repo, issue } = meaning;
  if (instance === undefined) return undefined;
  const server = meaning.instance === undefined ? serverNamed(servers, instance) : serverOf(servers, instance);
  const host = server === undefined ? instance : instanceOf(servers, server);
  return `${host}/${owner}/${repo}${issue}`;
}

/**
 * The key and the value of repos.json for `host/owner/repo` or an issue's ref. A key means what a ref that is written like it
 * means; one that has the very form of the ref comes before the others, and a later one before an earlier.
 */
export function entryNamed(
  ref: string,
  repos: Repos,
  servers: Servers,
): readonly [key: string, value: unknown] | undefined {
  const canonical = canonicalKey(ref, servers);
  const meant = Object.entries(repos).filter(([key]) => canonicalKey(key, servers) === canonical);
  return (
    [ref, canonical]
      .map((form) => meant.findLast(([key]) => folded(key) === form))
      .find((found) => found !== undefined) ?? meant.at(-1)
  );
}
