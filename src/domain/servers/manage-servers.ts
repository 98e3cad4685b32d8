import { AppError, usageError } from '../../util/errors.ts';
import { nearest } from '../../util/text.ts';
import { splitCredentials } from '../../util/urls.ts';
import { quoted, words } from '../../util/words.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { Context } from '../context.ts';
import { chooseCredentials, nearestAbove } from './credentials.ts';
import { checkedServerUrl } from './server-url.ts';
import {
  changeServers,
  instanceOf,
  type NamedServer,
  namedServers,
  readServers,
  serverNamed,
  type Servers,
} from './servers-file.ts';

type Needs = Pick<Context, 'home' | 'env'>;
type HomeOnly = Pick<Context, 'home'>;

/** A server as `server list --json` prints it. */
export interface ListedServer extends NamedServer {
  /** The first part of the refs of its issues. */
  readonly instance: string;
  readonly default: boolean;
  /** The variable whose value git is offered as the token for it, or null. */
  readonly token_variable: string | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The servers, in the order in which they were added. */
export async function listServers(context: Needs): Promise<ListedServer[]> {
  const servers = await readServers(context);
  const variables = { ...context.env, ...(await readAgentVariables(context, 'dev-agent')) };
  const credentials = chooseCredentials(servers, variables);
  return namedServers(servers).map(({ name, url }) => ({
    name,
    url: splitCredentials(url).url,
    instance: instanceOf(servers, { name, url }),
    default: isDefault(servers, name),
    token_variable: nearestAbove(credentials, url)?.variable ?? null,
  }));
}

/** One server. @throws AppError `no_server` */
export async function getServer(context: Needs, name: string): Promise<ListedServer> {
  const servers = await listServers(context);
  const found = servers.find((server) => server.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw noServer(servers, name);
  return found;
}

/** The name of the default server; undefined when there is none. @throws AppError `no_server` when it is not there */
export async function defaultServer(context: HomeOnly): Promise<string | undefined> {
  const servers = await readServers(context);
  return servers.default === null ? undefined : required(servers, servers.default).name;
}

interface NewServer extends NamedServer {
  /** Give a server that exists another URL. */
  readonly replace: boolean;
}

/**
 * Adds a server; one that exists with this URL already is fine.
 *
 * @throws AppError usage (exit code 2) for a bad name or URL, `server_exists` when the name has another URL
 */
export async function addServer(
  context: HomeOnly,
  { name, url: text, replace }: NewServer,
): Promise<'added' | 'replaced' | 'unchanged'> {
  if (!NAME.test(name)) {
    throw usageError(
      words`not a server name: ${quoted(name, 70)}`,
      'use up to 63 letters, digits, dots, hyphens and underscores, the first one a letter or a digit',
    );
  }
  const url = checkedServerUrl(text);
  let outcome: 'added' | 'replaced' | 'unchanged' = 'added';
  await changeServers(context, (current) => {
    const known = serverNamed(current, name);
    if (known === undefined) return { ...current, servers: { ...current.servers, [name.toLowerCase()]: { url } } };
    outcome = known.url === url ? 'unchanged' : 'replaced';
    if (outcome === 'replaced' && !replace) throw exists(known);
    return { ...current, servers: { ...current.servers, [known.name]: { ...current.servers[known.name], url } } };
  });
  return outcome;
}

/** Removes a server. @returns whether it was the default, which there is none of then @throws AppError `no_server` */
export async function removeServer(context: HomeOnly, name: string): Promise<{ readonly wasDefault: boolean }> {
  let wasDefault = false;
  await changeServers(context, (current) => {
    const { name: known } = required(current, name);
    const { [known]: _removed, ...servers } = current.servers;
    wasDefault = isDefault(current, known);
    return { ...current, default: wasDefault ? null : current.default, servers };
  });
  return { wasDefault };
}

/** Makes a server the default, or with null none. @throws AppError `no_server` */
export async function setDefaultServer(context: HomeOnly, name: string | null): Promise<void> {
  await changeServers(context, (current) => ({
    ...current,
    default: name === null ? null : required(current, name).name,
  }));
}

function isDefault(servers: Servers, name: string): boolean {
  return servers.default?.toLowerCase() === name.toLowerCase();
}

function required(servers: Servers, name: string): NamedServer {
  const server = serverNamed(servers, name);
  if (server === undefined) throw noServer(namedServers(servers), name);
  return server;
}

function noServer(known: readonly NamedServer[], name: string): AppError {
  const near = nearest(
    name,
    known.map((server) => server.name),
  );
  return new AppError('no_server', words`there is no server ${quoted(name, 70)}`, {
    hint:
      near === undefined
        ? 'to see them, run: kugetsu server list; to add one, run: kugetsu server add NAME URL'
        : `did you mean ${near}?`,
  });
}

function exists({ name, url }: NamedServer): AppError {
  return new AppError('server_exists', `there is already a server ${name}: ${url}`, {
    hint: 'choose another name, or replace its URL with --force',
  });
}
