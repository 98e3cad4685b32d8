import { describe, expect, test } from 'vitest';
import {
  checkedServerUrl,
  hostOf,
  isReadableOnTheWay,
  repositoryUrl,
} from '../../../../src/domain/servers/server-url.ts';
import { AppError } from '../../../../src/util/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('a server has a URL', () => {
  test.each([
    ['https://github.com', 'github.com', 'https://github.com/o/r.git'],
    ['https://Git.Example.com:3000/gitea/', 'git.example.com', 'https://Git.Example.com:3000/gitea/o/r.git'],
    ['http://127.0.0.1:8080', '127.0.0.1', 'http://127.0.0.1:8080/o/r.git'],
    ['ssh://git@Git.Example.com:2222', 'git.example.com', 'ssh://git@Git.Example.com:2222/o/r.git'],
    ['git@github.com:', 'github.com', 'git@github.com:o/r.git'],
    ['git@github.com:mirror/', 'github.com', 'git@github.com:mirror/o/r.git'],
    ['/srv/git/', undefined, '/srv/git/o/r.git'],
    ['file:///srv/git', undefined, 'file:///srv/git/o/r.git'],
    ['/', undefined, '/o/r.git'],
  ])('%s', (url, host, repository) => {
    const kept = checkedServerUrl(url);
    expect(hostOf(kept)).toBe(host);
    expect(repositoryUrl(kept, 'o', 'r')).toBe(repository);
  });

  test.each([
    '',
    'github',
    'github.com',
    'git.example.com:3000',
    'srv/git',
    '-oProxyCommand=id',
    'ext::sh -c id',
    'ext::id',
    'git://host',
    'ftp://host',
    'https://',
    'https://host/?q=1',
    'https://host/#x',
    'https://ho st',
    'https://host\n',
    'ssh://-oProxyCommand=id',
    'javascript:alert(1)',
  ])('that is not %j', (url) => {
    expect(thrownBy(() => checkedServerUrl(url))).toMatchObject({ code: 'usage', exit: 2 });
  });

  test.each([
    'https://robot:s3cr3t@host',
    'https://s3cr3t@host',
    'http://:s3cr3t@host',
    'ssh://git:s3cr3t@host',
    'https:/robot:s3cr3t@host',
    'robot:s3cr3t@host:path',
    'https://robot:s3@cr3t@host/',
  ])('and not %s, whose credentials are not shown either', (url) => {
    const error = thrownBy(() => checkedServerUrl(url));
    expect(error).toBeInstanceOf(AppError);
    const { message, hint } = error as AppError;
    expect(`${message} ${hint}`).not.toMatch(/s3|cr3t/);
  });
});

test('only http to another machine can be read on the way', () => {
  const urls = ['http://git.example.com', 'HTTP://127.0.0.1.example.com/x', 'http://192.168.0.2:3000'];
  const safe = ['https://host', 'http://localhost:3000', 'http://127.0.0.1:1', 'http://[::1]/', 'git@host:', '/srv'];
  expect([...urls, ...safe].filter(isReadableOnTheWay)).toEqual(urls);
});
