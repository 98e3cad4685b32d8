import { describe, expect, test } from 'vitest';
import {
  chooseCredentials,
  nearestAbove,
  tokenKey,
  type Variables,
} from '../../../../src/domain/servers/credentials.ts';
import type { Servers } from '../../../../src/domain/servers/servers-file.ts';

function serversOf(urls: Readonly<Record<string, string>>): Servers {
  const entries = Object.entries(urls).map(([name, url]) => [name, { url }] as const);
  return { default: null, servers: Object.fromEntries(entries) };
}

/** What each address is offered, as `user variable`. */
function offered(urls: Readonly<Record<string, string>>, variables: Variables): Record<string, string> {
  const credentials = chooseCredentials(serversOf(urls), variables);
  return Object.fromEntries(
    credentials.map(({ url, user, variable }) => [url, `${'name' in user ? user.name : '?'} ${variable}`]),
  );
}

describe('a token is offered', () => {
  test('to the well-known host that it is named after, over https only', () => {
    const variables = { GITHUB_TOKEN: 'a', GITLAB_TOKEN: 'b', GITEA_TOKEN: 'c', OTHER_TOKEN: 'd' };
    expect(offered({}, variables)).toEqual({
      'https://github.com': 'x-access-token GITHUB_TOKEN',
      'https://gitlab.com': 'oauth2 GITLAB_TOKEN',
      'https://gitea.com': 'oauth2 GITEA_TOKEN',
    });
  });

  test('under the second name when the first is empty or missing', () => {
    expect(offered({}, { GITHUB_TOKEN: '', GH_TOKEN: 'a' })).toEqual({
      'https://github.com': 'x-access-token GH_TOKEN',
    });
  });

  test('to the server whose name it has, with its scheme, port and path', () => {
    const urls = { 'my-forge': 'http://127.0.0.1:3000/git', ssh: 'git@host:', dir: '/srv' };
    expect(offered(urls, { MY_FORGE_TOKEN: 'a', SSH_TOKEN: 'b', DIR_TOKEN: 'c' })).toEqual({
      'http://127.0.0.1:3000/git': 'oauth2 MY_FORGE_TOKEN',
    });
  });

  test('to the server that is named after it, and then not to the well-known host', () => {
    expect(offered({ gitea: 'https://git.example.com' }, { GITEA_TOKEN: 'a' })).toEqual({
      'https://git.example.com': 'oauth2 GITEA_TOKEN',
    });
  });

  test('to a well-known host under the name that the user gave it, or else under its own', () => {
    const urls = { work: 'https://github.com' };
    expect(offered(urls, { WORK_TOKEN: 'a', GITHUB_TOKEN: 'b' })).toEqual({
      'https://github.com': 'x-access-token WORK_TOKEN',
    });
    expect(offered(urls, { GITHUB_TOKEN: 'b' })).toEqual({ 'https://github.com': 'x-access-token GITHUB_TOKEN' });
  });

  test('with the user that is set beside it', () => {
    expect(offered({ forge: 'https://f' }, { FORGE_TOKEN: 'a', FORGE_USER: 'robot' })).toEqual({
      'https://f': 'robot FORGE_TOKEN',
    });
  });

  test('not to a host that only sounds like one', () => {
    const urls = { a: 'https://gitlab.example.com', b: 'https://github.com.example.com', c: 'http://github.com' };
    const { 'https://github.com': _real, ...others } = offered(urls, { GITHUB_TOKEN: 'a', GITLAB_TOKEN: 'b' });
    expect(Object.keys(others)).not.toContain('https://gitlab.example.com');
    expect(Object.keys(others)).not.toContain('https://github.com.example.com');
  });

  test('once for an address that has two names', () => {
    const urls = { one: 'https://f', two: 'https://f' };
    expect(offered(urls, { TWO_TOKEN: 'b' })).toEqual({ 'https://f': 'oauth2 TWO_TOKEN' });
    expect(offered(urls, { ONE_TOKEN: 'a', TWO_TOKEN: 'b' })).toEqual({ 'https://f': 'oauth2 ONE_TOKEN' });
  });

  test('for an address without the credentials that somebody wrote into it', () => {
    expect(offered({ forge: 'https://robot:s3cr3t@f/x' }, { FORGE_TOKEN: 'a' })).toEqual({
      'https://f/x': 'oauth2 FORGE_TOKEN',
    });
  });
});

test('the key of a server is a name that a variable can have', () => {
  expect(['github', 'my-forge.org', '9gag'].map(tokenKey)).toEqual([
    'GITHUB_TOKEN',
    'MY_FORGE_ORG_TOKEN',
    '_9GAG_TOKEN',
  ]);
});

test('a URL lies below an address of the same origin whose path it begins with', () => {
  const places = [{ url: 'https://f/a' }, { url: 'https://f' }, { url: 'http://f/a/b' }, { url: 'https://f:444/a' }];
  const urls = ['https://f/a/o/r.git', 'https://f/ab/o', 'http://f/a/b', 'http://f/a', 'https://f:444/a/', 'git@f:a'];
  expect(urls.map((url) => nearestAbove(places, url)?.url)).toEqual([
    'https://f/a',
    'https://f',
    'http://f/a/b',
    undefined,
    'https://f:444/a',
    undefined,
  ]);
});
