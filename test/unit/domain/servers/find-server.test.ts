import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIssueRef, parseIssueRef } from '../../../../src/domain/issues/issue-ref.ts';
import { chooseCloneSource } from '../../../../src/domain/servers/clone-url.ts';
import { canonicalRef, instanceOf, namedServers, type Servers } from '../../../../src/domain/servers/servers-file.ts';

function serversOf(urls: Readonly<Record<string, string>>): Servers {
  return {
    default: null,
    servers: Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, { url }])),
  };
}

const canonical = (servers: Servers, ref: string): string => formatIssueRef(canonicalRef(servers, parseIssueRef(ref)));

describe('the ref of an issue', () => {
  test('is that of the host, whichever way the server is written', () => {
    const servers = serversOf({ github: 'https://github.com', work: 'https://git.example.com:3000/gitea' });
    expect(canonical(servers, 'github/o/r#1')).toBe('github.com/o/r#1');
    expect(canonical(servers, 'GitHub.com/o/r#1')).toBe('github.com/o/r#1');
    expect(canonical(servers, 'work/o/r#1')).toBe('git.example.com/o/r#1');
  });

  test('is as it was written on a server that nobody has named', () => {
    expect(canonical(serversOf({ github: 'https://github.com' }), 'gitlab.com/o/r#1')).toBe('gitlab.com/o/r#1');
  });

  test('has the name of the server when the host is that of another one, or there is none', () => {
    const servers = serversOf({ a: 'https://host/one', b: 'https://host/two', c: '/srv/git', d: 'http://[::1]:3000' });
    expect(['a', 'b', 'c', 'd', 'host'].map((name) => canonical(servers, `${name}/o/r#1`))).toEqual([
      'host/o/r#1',
      'b/o/r#1',
      'c/o/r#1',
      'd/o/r#1',
      'host/o/r#1',
    ]);
  });

  test('is the same for two names of one server', () => {
    const servers = serversOf({ gh: 'https://github.com', github: 'https://github.com' });
    expect(canonical(servers, 'github/o/r#1')).toBe(canonical(servers, 'gh/o/r#1'));
  });

  const name = fc.constantFrom('a', 'B', 'host', 'other.example', 'constructor', '__proto__');
  const url = fc.constantFrom(
    'https://host',
    'https://HOST:3000/x',
    'ssh://git@other.example',
    'git@host:',
    'git@a:p',
    '/srv',
    'https://b',
  );

  test('means the same repository as the ref that it was made from, and is its own ref', () => {
    fc.assert(
      fc.property(fc.dictionary(name, url), name, (urls, instance) => {
        const servers = serversOf(urls);
        const ref = { instance: instance.toLowerCase(), owner: 'o', repo: 'r', identifier: '1' };
        const found = canonicalRef(servers, ref);
        expect(canonicalRef(servers, found)).toEqual(found);
        expect(chooseCloneSource(found, {}, servers).url).toBe(chooseCloneSource(ref, {}, servers).url);
      }),
    );
  });

  test('belongs to one server only', () => {
    fc.assert(
      fc.property(fc.dictionary(name, url), (urls) => {
        const servers = serversOf(urls);
        const addresses = new Map<string, Set<string>>();
        for (const server of namedServers(servers)) {
          const instance = instanceOf(servers, server);
          addresses.set(instance, (addresses.get(instance) ?? new Set()).add(server.url));
        }
        // Names that differ in case only cannot be told apart in a ref.
        const folded = Object.keys(urls).map((key) => key.toLowerCase());
        fc.pre(new Set(folded).size === folded.length);
        for (const [, set] of addresses) expect(set.size).toBe(1);
      }),
    );
  });
});

test('a repository that is mapped by the name of its server is mapped for its host, too', () => {
  const servers = serversOf({ github: 'https://github.com' });
  const ref = canonicalRef(servers, parseIssueRef('github/o/r#1'));
  expect(chooseCloneSource(ref, { 'github/o/r': '/x.git' }, servers).url).toBe('/x.git');
  const both = { 'github.com/o/r': '/host.git', 'github/o/r': '/name.git' };
  expect(chooseCloneSource(ref, both, servers).url).toBe('/host.git');
});
