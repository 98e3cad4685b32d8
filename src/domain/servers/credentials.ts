import { credentialEnvironment, type GitCredential } from '../../adapters/git/credential-environment.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { RunAgent } from '../agent-env/agents.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { findCloneSource } from './clone-url.ts';
import { readServers, type Servers, type NamedServer, namedServers } from './servers-file.ts';
import { splitCredentials } from '../../util/urls.ts';
import { hostOf } from './server-url.ts';

type Needs = Pick<Context, 'home' | 'env'>;

interface Purpose {
  /** Whose variables are looked through for tokens. */
  readonly agent: RunAgent;
  /** The issue whose repository may have credentials of its own in repos.json. */
  readonly ref: IssueRef | undefined;
  /** The environment that git would have without this; its configuration is kept. */
  readonly inherited?: Variables;
}

/** What git is given to find credentials. */
interface Offer {
  readonly credentials: Variables;
  /** What to do when they are refused, or missing. */
  readonly accessHint: string | undefined;
}

const LOGIN = 'KUGETSU_CREDENTIAL_LOGIN';
const PASSWORD = 'KUGETSU_CREDENTIAL_PASSWORD';

/**
 * The tokens of the agent's variables, and after them of kugetsu's own environment, for git: each for its server and
 * nothing else. What stood in the repository's clone URL comes before them.
 *
 * @throws AppError `corrupt_file`, `bad_env_file`
 */
export async function offerCredentials(context: Needs, { agent, ref, inherited = {} }: Purpose): Promise<Offer> {
  const servers = await readServers(context);
  const variables = { ...context.env, ...(await readAgentVariables(context, agent)) };
  const chosen = chooseCredentials(servers, variables);
  const source = ref === undefined ? undefined : await findCloneSource(context, ref);
  const { url = '', login, password } = source ?? {};
  const token = nearestAbove(chosen, url);
  const own: GitCredential[] =
    login === undefined
      ? []
      : [
          {
            url,
            user: { variable: LOGIN },
            variable: password === undefined && token !== undefined ? token.variable : PASSWORD,
          },
        ];
  const credentials = [...chosen, ...own];
  return {
    credentials: {
      ...Object.fromEntries(chosen.map(({ variable }) => [variable, variables[variable]])),
      ...lfsSettings(variables),
      // Undefined takes away what a run has from the one that started it.
      [LOGIN]: login,
      [PASSWORD]: login === undefined ? undefined : (password ?? ''),
      ...credentialEnvironment(credentials, inherited),
    },
    accessHint: own.length > 0 ? 'correct the credentials in its URL in repos.json' : hintFor(url, { servers, token }),
  };
}

/** What the agents' git-lfs is told, kugetsu's is told, too: that files are to stay pointers, for example. */
function lfsSettings(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([key]) => key.startsWith('GIT_LFS_')));
}

function hintFor(
  url: string,
  { servers, token }: { readonly servers: Servers; readonly token: GitCredential | undefined },
): string | undefined {
  if (token !== undefined)
    return `${token.variable} was refused; to set another one, run: kugetsu env set ${token.variable} -`;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  const key = nearestAbove(tokenPlaces(servers), url)?.keys[0];
  const { host, origin } = new URL(url);
  if (key !== undefined) return `no token is set for ${host}; to set one, run: kugetsu env set ${key} -`;
  return `to set a token for ${host}, run: kugetsu server add NAME ${origin}; then run: kugetsu env set NAME_TOKEN -`;
}

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
interface TokenPlace {
  readonly url: string;
  readonly keys: readonly string[];
  readonly user: string;
}

/**
 * Every web address that a token can be meant for: the configured servers with `<NAME>_TOKEN`, and well-known hosts over
 * https. A key that a configured server has by its name is no other host's.
 */
function tokenPlaces(servers: Servers): TokenPlace[] {
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
