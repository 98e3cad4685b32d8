import type { GitCredential } from '../../adapters/git/credential-environment.ts';
import { splitCredentials } from '../../util/urls.ts';
import { hostOf } from './server-url.ts';
import { type NamedServer, namedServers, type Servers } from './servers-file.ts';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

interface KnownHost {
  readonly host: string;
  /** The variables that may hold its token; the first one that is set wins. */
  readonly keys: readonly string[];
  /** The user that goes with a token. */
  readonly user: string;
}

// A variable without a server's name in it must not reach a host that nobody has configured.
const KNOWN_HOSTS: readonly KnownHost[] = [
  { host: 'github.com', keys: ['GITHUB_TOKEN', 'GH_TOKEN'], user: 'x-access-token' },
  { host: 'gitlab.com', keys: ['GITLAB_TOKEN'], user: 'oauth2' },
  { host: 'codeberg.org', keys: ['CODEBERG_TOKEN'], user: 'oauth2' },
  { host: 'gitea.com', keys: ['GITEA_TOKEN'], user: 'oauth2' },
  { host: 'bitbucket.org', keys: ['BITBUCKET_TOKEN'], user: 'x-token-auth' },
];
// Gitea, Forgejo and GitLab take any name with a token.
const ANY_USER = 'oauth2';

/** A web address and the variables that may have the token for it, best first. */
export interface TokenPlace {
  readonly url: string;
  readonly keys: readonly string[];
  readonly user: string;
}

/**
 * Every web address that a token can be meant for: the configured servers with `<NAME>_TOKEN`, and well-known hosts over
 * https. A key that a configured server has by its name is no other host's.
 */
export function tokenPlaces(servers: Servers): TokenPlace[] {
  const web = namedServers(servers)
    .filter(({ url }) => /^https?:\/\//i.test(url))
    .map(({ name, url }) => ({ name, url: splitCredentials(url).url }));
  const configured = web.map((server) => placeOf(server, web));
  const hosts = KNOWN_HOSTS.map((known) => placeOf({ name: '', url: `https://${known.host}` }, web));
  const urls = new Set(configured.map(({ url }) => url.toLowerCase()));
  return [...configured, ...hosts.filter(({ url }) => !urls.has(url))];
}

/** The credentials for which there is a token among `variables`; one for each address. */
export function chooseCredentials(servers: Servers, variables: Variables): GitCredential[] {
  const chosen = new Map<string, GitCredential>();
  for (const { url, keys, user } of tokenPlaces(servers)) {
    const variable = keys.find((key) => (variables[key] ?? '') !== '');
    if (variable === undefined || chosen.has(url)) continue;
    const name = variables[variable.replace(/TOKEN$/, 'USER')] ?? '';
    chosen.set(url, { url, user: { name: name === '' ? user : name }, variable });
  }
  return [...chosen.values()];
}

/** The one of these whose address `url` lies below, the nearest one. */
export function nearestAbove<T extends { readonly url: string }>(places: readonly T[], url: string): T | undefined {
  return places
    .filter((place) => isBelow(url, place.url))
    .toSorted((a, b) => b.url.length - a.url.length)
    .at(0);
}

/** The variable that has the token of a server with this name: `my-server` has `MY_SERVER_TOKEN`. */
export function tokenKey(name: string): string {
  const words = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
  return `${/^[0-9]/.test(words) ? '_' : ''}${words}_TOKEN`;
}

function placeOf({ name, url }: NamedServer, web: readonly NamedServer[]): TokenPlace {
  const host = hostOf(url);
  const known = KNOWN_HOSTS.find((candidate) => candidate.host === host);
  const elsewhere = new Set(web.filter((other) => hostOf(other.url) !== host).map((other) => tokenKey(other.name)));
  const own = name === '' ? [] : [tokenKey(name)];
  const shared = (known?.keys ?? []).filter((key) => !elsewhere.has(key) && !own.includes(key));
  return { url, keys: [...own, ...shared], user: known?.user ?? ANY_USER };
}

function isBelow(url: string, place: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(place)) return false;
  const [inner, outer] = [new URL(url), new URL(place)];
  const root = outer.pathname.replace(/\/+$/, '');
  return inner.origin === outer.origin && `${inner.pathname}/`.startsWith(`${root}/`);
}
