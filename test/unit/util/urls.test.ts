import { expect, test } from 'vitest';
import { splitCredentials } from '../../../src/util/urls.ts';

test.each([
  ['https://host/o/r.git', 'https://host/o/r.git', undefined, undefined],
  ['https://robot:s3c@host:3000/o/r.git', 'https://host:3000/o/r.git', 'robot', 's3c'],
  ['http://robot:a%2Fb%40c@host/o', 'http://host/o', 'robot', 'a/b@c'],
  ['https://robot:p@ss@host/o', 'https://host/o', 'robot', 'p@ss'],
  ['https://ghp_1@host/o', 'https://host/o', 'ghp_1', undefined],
  ['https://a:100%@host/o', 'https://host/o', 'a', '100%'],
  ['https://host/o@p', 'https://host/o@p', undefined, undefined],
  ['ssh://git@host/o', 'ssh://git@host/o', undefined, undefined],
  ['git@host:o', 'git@host:o', undefined, undefined],
  ['/srv/a@b', '/srv/a@b', undefined, undefined],
])('the credentials of %s are told from its address', (given, url, login, password) => {
  expect(splitCredentials(given)).toEqual({ url, login, password });
});
