import * as z from 'zod/mini';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { AppError } from '../../util/errors.ts';
import { splitCredentials } from '../../util/urls.ts';
import type { Home } from '../home.ts';
import { formatIssueRef, repositoryOf, type IssueRef } from '../issues/issue-ref.ts';
import { repositoryUrl } from './server-url.ts';
import { instanceOf, readServers, serverOf, type Servers } from './servers-file.ts';

const RepositorySchema = z.looseObject({
  /** Where it is cloned from; as without an entry when it is missing. */
  url: z.optional(z.string()),
  /** The branch of origin from which work begins; origin's default branch when it is missing. */
  base_branch: z.optional(z.string()),
});

const ReposSchema = z.record(z.string(), z.union([z.string(), RepositorySchema]));

type Repos = z.infer<typeof ReposSchema>;
type Entry = z.infer<typeof RepositorySchema>;

/**
 * `repos.json`: an issue ref, or `host/owner/repo`, to a clone URL, or to an object with what is to be other than usual;
 * undefined without the file.
 *
 * @throws AppError `corrupt_file`
 */
export async function readRepos({ home }: { readonly home: Home }): Promise<Repos | undefined> {
  return readJsonFile(home.reposFile, { schema: ReposSchema, what: 'the file of clone URLs' });
}

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

/** The clone URL of an issue's repository, from repos.json, the servers, or the host; its credentials apart. */
export async function findCloneSource({ home }: { readonly home: Home }, ref: IssueRef): Promise<CleanCloneSource> {
  const repos = (await readRepos({ home })) ?? {};
  const source = chooseCloneSource(ref, repos, await readServers({ home }));
  // ssh would show a password on its command line, and asks for one anyway.
  const usable = source.url !== '' && !source.url.startsWith('-') && !/^ssh:\/\/[^/@]*:[^/]*@/i.test(source.url);
  if (usable) return { ...source, ...splitCredentials(source.url) };
  throw new AppError('bad_clone_url', `${home.reposFile}: the clone URL of ${source.source} is not usable`, {
    hint: 'give an https, ssh (without a password) or file URL, or an absolute path',
  });
}

/** By full ref, by `host/owner/repo`, by the server that has this name or host, and else by the host itself. */
export function chooseCloneSource(ref: IssueRef, repos: Repos, servers: Servers): CloneSource {
  const named = keyed(repos, servers);
  const issue = formatIssueRef(ref);
  const repository = repositoryOf(ref);
  const ofIssue = named.get(issue);
  const ofRepository = named.get(repository);
  if (ofIssue?.url !== undefined) return { url: ofIssue.url, source: issue, ...branchIn(ofIssue) };
  const branch = { ...branchIn(ofRepository), ...branchIn(ofIssue) };
  if (ofRepository?.url !== undefined) return { url: ofRepository.url, source: repository, ...branch };
  const server = serverOf(servers, ref.instance);
  const url = repositoryUrl(server?.url ?? `https://${ref.instance}`, ref.owner, ref.repo);
  return { url, source: repository, ...branch };
}

function branchIn(entry: Entry | undefined): Pick<CloneSource, 'baseBranch'> {
  return entry?.base_branch === undefined ? {} : { baseBranch: entry.base_branch };
}

// A key means what a ref that is written like it means; one that has the very form of the ref comes before the others.
function keyed(repos: Repos, servers: Servers): ReadonlyMap<string, Entry> {
  const entries = Object.entries(repos).map(
    ([key, value]) => [folded(key), typeof value === 'string' ? { url: value } : value] as const,
  );
  return new Map([...entries.map(([key, entry]) => [canonicalKey(key, servers), entry] as const), ...entries]);
}

// The bash script's own documentation has a space in place of the second slash.
function folded(text: string): string {
  const key = text.trim().replaceAll(/\s+/g, '/');
  const slash = key.indexOf('/');
  return slash === -1 ? key : key.slice(0, slash).toLowerCase() + key.slice(slash);
}

function canonicalKey(key: string, servers: Servers): string {
  const [instance = '', ...rest] = key.split('/');
  const server = serverOf(servers, instance);
  return server === undefined ? key : [instanceOf(servers, server), ...rest].join('/');
}
