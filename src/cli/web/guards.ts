import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../../adapters/web/http-server.ts';
import { randomBytes } from '../../adapters/random.ts';
import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import type { Home } from '../../domain/home.ts';

/** What the page is guarded by. */
export interface Guard {
  /** Whoever has it may do everything. */
  readonly token: string;
  /** What its browser sends instead, from then on. */
  readonly cookie: string;
  /** The path below which everything is, with a slash at both ends. Other servers of this machine do not get the cookie. */
  readonly base: string;
  readonly port: number;
  /** Names of this server beside `localhost` and addresses, in lower case. */
  readonly names: readonly string[];
  /** Whether only this machine reaches it. */
  readonly isLocal: boolean;
}

const COOKIE = 'kugetsu';

/** What guards a page with this token. Cookie and path follow from it, so that they hold as long as it does. */
export function guardOf(token: string, { port, names, isLocal }: Pick<Guard, 'port' | 'names' | 'isLocal'>): Guard {
  const base = `/${derived(token, 'path').slice(0, 16)}/`;
  return { token, cookie: derived(token, 'cookie'), base, port, names, isLocal };
}

function derived(token: string, what: string): string {
  return createHash('sha256').update(`kugetsu web ${what} ${token}`).digest('base64url');
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** Whether the cookie of the page came with a request. */
export function hasCookie({ headers }: Pick<HttpRequest, 'headers'>, { cookie }: Guard): boolean {
  const values = (headers['cookie'] ?? '').split(';').flatMap((pair) => {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    return name === COOKIE ? [value] : [];
  });
  return values.some((value) => isSame(value, cookie));
}

/** The header that gives a browser the cookie: for no script, no other site, and no other path. */
export function cookieHeader({ cookie, base }: Guard): string {
  return `${COOKIE}=${cookie}; Path=${base}; HttpOnly; SameSite=Strict; Max-Age=31536000`;
}

/**
 * Whether a request is meant for this server: `Host` is an address or a name that it is known by. A page of somebody else whose
 * name was bound anew to this address names itself there.
 */
export function isForUs({ headers }: Pick<HttpRequest, 'headers'>, { port, names, isLocal }: Guard): boolean {
  const host = (headers['host'] ?? '').toLowerCase();
  const [, name = '', given] = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(host) ?? [];
  // What stands before it may listen on another port.
  if (names.includes(name)) return true;
  if (Number(given ?? 80) !== port) return false;
  if (name === 'localhost' || name === '[::1]' || isLoopback(name)) return true;
  return !isLocal && (name.startsWith('[') || isIpv4(name));
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIpv4(address) && address.startsWith('127.'));
}

function isIpv4(text: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
}

/**
 * Why a request that changes something is refused, in words; undefined when it is from the page itself. Another port of the same
 * host is another origin, and may be an agent's server.
 */
export function whyForeign({ headers }: Pick<HttpRequest, 'headers'>): string | undefined {
  const { origin, host = '', 'sec-fetch-site': site, 'content-type': type = '' } = headers;
  if (origin === undefined) return 'it does not say where it comes from (Origin)';
  if (!/^https?:\/\//.test(origin) || origin.replace(/^https?:\/\//, '').toLowerCase() !== host.toLowerCase()) {
    return 'it comes from another page';
  }
  if (site !== undefined && site !== 'same-origin') return 'it comes from another site';
  return /^application\/json\s*(?:;|$)/i.test(type) ? undefined : 'it is not JSON';
}

/** What every answer has: nothing from elsewhere, nothing inline, no copy, and no frame around it. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const BYTES = 32;
const FORM = /^[A-Za-z0-9_-]{43}$/;

/** A token that nobody can guess. */
export function newToken(): string {
  return Buffer.from(randomBytes(BYTES)).toString('base64url');
}

/** The token that the home keeps; a new one when it has none, or what is there is none. */
export async function keptToken({ webToken }: Pick<Home, 'webToken'>): Promise<string> {
  const kept = ((await readTextIfExists(webToken)) ?? '').trim();
  if (FORM.test(kept)) return kept;
  const token = newToken();
  await replaceFile(webToken, `${token}\n`);
  return token;
}
