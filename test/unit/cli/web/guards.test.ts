import { array, assert, constantFrom, property, string, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import {
  cookieHeader,
  guardOf,
  hasCookie,
  isForUs,
  isLoopback,
  isSame,
  SAFE_HEADERS,
  whyForeign,
} from '../../../../src/cli/web/guards.ts';

const local = guardOf('a token', { port: 4170, names: [], isLocal: true });
const open = guardOf('a token', { port: 4170, names: ['kugetsu.lan'], isLocal: false });
const ofHost = (host: string | undefined): { headers: Record<string, string | undefined> } => ({ headers: { host } });

test.each(['127.0.0.1:4170', 'localhost:4170', 'LocalHost:4170', '[::1]:4170', '127.0.0.53:4170'])(
  'a page on this machine is asked for as %s',
  (host) => expect(isForUs(ofHost(host), local)).toBe(true),
);

test.each([
  undefined,
  '',
  'evil.example',
  'evil.example:4170',
  'localhost',
  'localhost:4171',
  'localhost.evil.example:4170',
  '127.0.0.1.evil.example:4170',
  '127.0.0.1@evil.example:4170',
  '192.168.1.5:4170',
  '[fe80::1]:4170',
  '127.0.0.1:4170, evil.example',
  '127.0.0.999:4170',
])('and not as %s, whoever has bound that name to its address', (host) => {
  expect(isForUs(ofHost(host), local)).toBe(false);
});

test('one that others reach is asked for by any address, and by its own names behind any port', () => {
  for (const host of ['192.168.1.5:4170', '[fe80::1]:4170', 'kugetsu.lan', 'kugetsu.lan:443', 'localhost:4170']) {
    expect(isForUs(ofHost(host), open)).toBe(true);
  }
  for (const host of ['192.168.1.5:80', 'kugetsu.lan.evil.example', 'other.lan:4170']) {
    expect(isForUs(ofHost(host), open)).toBe(false);
  }
});

test.each([
  ['127.0.0.1', true],
  ['127.3.4.5', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.1.5', false],
  ['127.0.0.1.example', false],
])('%s is of this machine alone: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test('the cookie is neither the token nor the path, and a page on another path or in a script never sees it', () => {
  const header = cookieHeader(local);
  expect(header).toMatch(new RegExp(`^kugetsu=${local.cookie}; Path=${local.base}; HttpOnly; SameSite=Strict; `));
  expect(header).not.toContain('a token');
  expect(local.cookie.startsWith(local.base.replaceAll('/', ''))).toBe(false);
  expect(local.base).toMatch(/^\/[\w-]{16}\/$/);
});

test('only the cookie of this token is taken, among whatever others there are', () => {
  const other = guardOf('another token', local).cookie;
  const pair = tuple(constantFrom('kugetsu', 'other', 'kugetsu2'), constantFrom(other, '', local.cookie.slice(1), 'x'));
  assert(
    property(array(pair), (pairs) => {
      const wrong = pairs.map(([name, value]) => `${name}=${value}`);
      expect(hasCookie({ headers: { cookie: wrong.join('; ') } }, local)).toBe(false);
      const right = [...wrong, `kugetsu=${local.cookie}`].join('; ');
      expect(hasCookie({ headers: { cookie: right } }, local)).toBe(true);
    }),
  );
  expect(hasCookie({ headers: {} }, local)).toBe(false);
});

test('texts are the same or not, whatever their lengths', () => {
  assert(property(string(), string(), (one, other) => isSame(one, other) === (one === other)));
});

const OWN = {
  host: '127.0.0.1:4170',
  origin: 'http://127.0.0.1:4170',
  'sec-fetch-site': 'same-origin',
  'content-type': 'application/json',
};

test('an order from the page itself is taken, by a browser with or without Sec-Fetch-Site, and through a proxy', () => {
  expect(whyForeign({ headers: OWN })).toBeUndefined();
  expect(whyForeign({ headers: { ...OWN, 'sec-fetch-site': undefined } })).toBeUndefined();
  const proxied = { ...OWN, host: 'kugetsu.lan', origin: 'https://kugetsu.lan' };
  expect(whyForeign({ headers: proxied })).toBeUndefined();
  expect(whyForeign({ headers: { ...OWN, 'content-type': 'application/json; charset=utf-8' } })).toBeUndefined();
});

test.each([
  [{ origin: undefined }, 'Origin'],
  [{ origin: 'null' }, 'another page'],
  [{ origin: 'http://evil.example' }, 'another page'],
  // A server of an agent's on the same machine.
  [{ origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' }, 'another page'],
  [{ origin: 'file://127.0.0.1:4170' }, 'another page'],
  [{ 'sec-fetch-site': 'same-site' }, 'another site'],
  [{ 'sec-fetch-site': 'cross-site' }, 'another site'],
  [{ 'sec-fetch-site': 'none' }, 'another site'],
  // What a form can send without asking.
  [{ 'content-type': 'text/plain' }, 'not JSON'],
  [{ 'content-type': 'application/x-www-form-urlencoded' }, 'not JSON'],
  [{ 'content-type': undefined }, 'not JSON'],
  [{ 'content-type': 'application/jsonp' }, 'not JSON'],
])('an order with %o is refused', (change, why) => {
  expect(whyForeign({ headers: { ...OWN, ...change } })).toContain(why);
});

test('nothing inline, from elsewhere or in a frame is allowed', () => {
  const policy = SAFE_HEADERS['content-security-policy'] ?? '';
  expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  for (const part of ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"])
    expect(policy).toContain(part);
});
