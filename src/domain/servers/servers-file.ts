import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { isLooseObject, type KnownKeys, type LooseObject } from '../../util/loose-object.ts';
import type { Home } from '../home.ts';
import { isRefPart, type IssueRef } from '../issues/issue-ref.ts';
import { hostOf } from './server-url.ts';

/** `servers.json`: named git servers. */
const ServersSchema = z.looseObject({
  default: z.nullable(z.string()),
  servers: z.record(z.string(), z.looseObject({ url: z.string() })),
});

/** The named git servers, and the one that refs without a server mean. */
export type Servers = KnownKeys<z.infer<typeof ServersSchema>>;

const FORM = { schema: ServersSchema, what: 'the file of servers', complete: completeServers };
const NONE: Servers = { default: null, servers: {} };

/** The servers of this home; none without a file. */
export async function readServers({ home }: { readonly home: Home }): Promise<Servers> {
  return (await readJsonFile(home.serversFile, FORM)) ?? NONE;
}

/** The bash script had a URL for each name, perhaps without anything around them. */
function completeServers(value: unknown): unknown {
  if (!isLooseObject(value)) return value;
  const { default: standard = null, servers } = value;
  if (servers === undefined) return flatServers(value);
  if (!isLooseObject(servers)) return value;
  return { ...value, default: standard === '' ? null : standard, servers: mapOfServers(servers) };
}

function flatServers({ default: standard = null, ...servers }: LooseObject): unknown {
  const urls = Object.values(servers);
  const flat = urls.length > 0 && urls.every((url) => typeof url === 'string' && /[:/]/.test(url));
  return { default: standard === '' ? null : standard, ...(flat ? { servers: mapOfServers(servers) } : servers) };
}

function mapOfServers(servers: LooseObject): LooseObject {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, typeof server === 'string' ? { url: server } : server]),
  );
}

/** Changes the servers under their lock; `change` throws to leave them as they are. */
export async function changeServers(
  { home }: { readonly home: Home },
  change: (servers: Servers) => Servers,
): Promise<void> {
  await withLock(`${home.serversFile}.lock`, async (lock) => {
    const changed = change(await readServers({ home }));
    lock.assertHeld();
    await writeJsonFile(home.serversFile, changed);
  });
}

/** A server with the name that it has in servers.json. */
export interface NamedServer {
  readonly name: string;
  readonly url: string;
}

/** The servers as a list, in the order of the file. */
export function namedServers({ servers }: Servers): NamedServer[] {
  return Object.entries(servers).map(([name, { url }]) => ({ name, url }));
}

/** The server with this name, in whatever case it is written. */
export function serverNamed(servers: Servers, name: string): NamedServer | undefined {
  return namedServers(servers).find((server) => server.name.toLowerCase() === name.toLowerCase());
}

/** The server that the first part of a ref means: the one with that name, else the first one with that host. */
export function serverOf(servers: Servers, instance: string): NamedServer | undefined {
  return serverNamed(servers, instance) ?? namedServers(servers).find(({ url }) => hostOf(url) === instance);
}

/**
 * The first part of the refs of a server's issues, whichever way they were written: its host, or its name when the host
 * means another server or cannot stand in a ref.
 */
export function instanceOf(servers: Servers, { name, url }: NamedServer): string {
  const host = hostOf(url);
  const known = host !== undefined && isRefPart(host) && serverOf(servers, host)?.url === url;
  return known ? host : name.toLowerCase();
}

/** The one form that all refs of an issue have: {@link instanceOf} its server, or the host as it was written. */
export function canonicalRef(servers: Servers, ref: IssueRef): IssueRef {
  const server = serverOf(servers, ref.instance);
  return server === undefined ? ref : { ...ref, instance: instanceOf(servers, server) };
}
