import { isRefPart, type IssueRef } from '../issues/issue-ref.ts';
import { hostOf } from './server-url.ts';
import type { Servers } from './servers-file.ts';

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
