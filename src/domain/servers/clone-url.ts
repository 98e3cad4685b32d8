import * as z from 'zod';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { AppError } from '../../util/errors.ts';
import type { Home } from '../home.ts';
import { formatIssueRef, parseIssueRef, repositoryOf, type IssueRef } from '../issues/issue-ref.ts';

/** `repos.json`: an issue ref, or `host/owner/repo`, to a clone URL. */
const ReposSchema = z.record(z.string(), z.string());

/** `servers.json`: named git servers. */
export const ServersSchema = z.looseObject({
  default: z.string().nullable(),
  servers: z.record(z.string(), z.looseObject({ url: z.string() })),
});

type Repos = z.infer<typeof ReposSchema>;
type Servers = z.infer<typeof ServersSchema>;

/** Where a repository is cloned from. */
export interface CloneSource {
  readonly url: string;
  /** What the clone stands for: `host/owner/repo`, or one issue's ref when that has a URL of its own. */
  readonly source: string;
}

/** The clone URL of an issue's repository, from repos.json, the servers, or the host. */
export async function findCloneSource({ home }: { readonly home: Home }, ref: IssueRef): Promise<CloneSource> {
  const repos = (await readJsonFile(home.reposFile, ReposSchema)) ?? {};
  const servers = (await readJsonFile(home.serversFile, ServersSchema)) ?? { default: null, servers: {} };
  const source = chooseCloneSource(ref, repos, servers);
  if (source.url !== '' && !source.url.startsWith('-')) return source;
  throw new AppError('bad_clone_url', `${home.reposFile}: the clone URL of ${source.source} is not usable`, {
    hint: 'give an https, ssh or file URL, or an absolute path',
  });
}

/** By full ref, by `host/owner/repo`, by the server that has this name or host, and else by the host itself. */
export function chooseCloneSource(ref: IssueRef, repos: Repos, servers: Servers): CloneSource {
  const named = new Map(Object.entries(repos).map(([key, url]) => [normalisedKey(key), url]));
  const issue = formatIssueRef(ref);
  const repository = repositoryOf(ref);
  const ofIssue = named.get(issue);
  if (ofIssue !== undefined) return { url: ofIssue, source: issue };
  const ofRepository = named.get(repository);
  if (ofRepository !== undefined) return { url: ofRepository, source: repository };
  const server = findServer(servers, ref.instance);
  const root = server === undefined ? `https://${ref.instance}` : server.url.replace(/\/+$/, '');
  return { url: `${root}/${ref.owner}/${ref.repo}.git`, source: repository };
}

function findServer({ servers }: Servers, instance: string): Servers['servers'][string] | undefined {
  const entries = Object.entries(servers);
  const named = entries.find(([name]) => name.toLowerCase() === instance);
  return (named ?? entries.find(([, { url }]) => hostOf(url) === instance))?.[1];
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : undefined;
}

// A key as a person wrote it, with the host folded as in a parsed ref.
function normalisedKey(key: string): string {
  try {
    return formatIssueRef(parseIssueRef(key));
  } catch {
    const slash = key.indexOf('/');
    return slash === -1 ? key : key.slice(0, slash).toLowerCase() + key.slice(slash);
  }
}
