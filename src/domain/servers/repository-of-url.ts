import { isLooseObject, textOf } from '../../util/loose-object.ts';
import { splitCredentials } from '../../util/urls.ts';
import { isRefPart, type IssueRef } from '../issues/issue-ref.ts';
import { canonicalKey, readReposFile } from './repos-file.ts';
import { hostOf } from './server-url.ts';
import { instanceOf, namedServers, readServers, serverOf, type NamedServer, type Servers } from './servers-file.ts';
import type { Home } from '../home.ts';

/** The part of a ref that names a repository. */
export type RefOfRepository = Omit<IssueRef, 'identifier'>;

/**
 * The repository that a URL leads to, as refs name it: by repos.json, by the servers, with their ports and prefixes, or by
 * its host. Undefined when none of them says.
 */
export async function repositoryOfUrl(
  { home }: { readonly home: Home },
  url: string,
): Promise<RefOfRepository | undefined> {
  const clean = plain(url);
  const servers = await readServers({ home });
  const mapped = Object.entries((await readReposFile({ home })) ?? {}).find(([key, value]) => {
    const mappedUrl = textOf(isLooseObject(value) ? value['url'] : value);
    return mappedUrl !== undefined && !key.includes('#') && plain(mappedUrl) === clean;
  });
  const key = mapped === undefined ? undefined : canonicalKey(mapped[0], servers);
  return key === undefined ? onServer(servers, clean) : inParts(key);
}

/** By a server whose address the URL begins with, else by the host alone, which then is that of the web or of ssh. */
export function onServer(servers: Servers, url: string): RefOfRepository | undefined {
  const clean = plain(url);
  for (const server of namedServers(servers)) {
    const path = behind(plain(server.url), clean);
    const found = path === undefined ? undefined : inParts(`${instanceOf(servers, server)}/${path}`);
    if (found !== undefined) return found;
  }
  const host = hostOf(clean)?.replace(/^www\./, '');
  if (host === undefined || hasPort(clean)) return undefined;
  const server = serverOf(servers, host);
  const path = pathOf(clean);
  return inParts(`${server === undefined ? host : instanceOf(servers, server)}/${withoutPrefix(path, server)}`);
}

/** What stands behind a server's address in a URL: `owner/repo`. */
function behind(server: string, url: string): string | undefined {
  if (!url.toLowerCase().startsWith(server.toLowerCase())) return undefined;
  const rest = url.slice(server.length);
  if (server.endsWith(':') || server.endsWith('/')) return rest;
  return rest.startsWith('/') ? rest.slice(1) : undefined;
}

/** Cloned by ssh, a repository lies where it does on the web, or without the prefix that the web has. */
function withoutPrefix(path: string, server: NamedServer | undefined): string {
  const prefix = server === undefined ? '' : pathOf(plain(server.url));
  return prefix !== '' && path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : path;
}

function pathOf(url: string): string {
  return (/^[a-z+]+:\/\/[^/]*\/*(.*)$/i.exec(url)?.[1] ?? /^[^/]*?:(.*)$/.exec(url)?.[1] ?? '').replace(/^\/+/, '');
}

/** A port of the web is another server than the host alone; that of ssh tells nothing. */
function hasPort(url: string): boolean {
  return /^https?:\/\/[^/]*:\d+(?:\/|$)/i.test(url);
}

function plain(url: string): string {
  return splitCredentials(url.trim())
    .url.replace(/\/+$/, '')
    .replace(/\.git$/, '');
}

function inParts(text: string): RefOfRepository | undefined {
  const [instance = '', owner = '', repo = '', ...more] = text.trim().replaceAll(/\s+/g, '/').split('/');
  if (more.length > 0 || ![instance, owner, repo].every(isRefPart)) return undefined;
  return { instance: instance.toLowerCase(), owner, repo };
}
