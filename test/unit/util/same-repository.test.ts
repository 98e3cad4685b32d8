import { expect, test } from 'vitest';
import { isSameRepository } from '../../../src/util/urls.ts';

const SAME = [
  'https://forge.test/acme/demo.git',
  'https://forge.test/acme/demo',
  'https://me:token@Forge.Test/acme/demo/',
  'http://forge.test:3000/acme/demo.git',
  'ssh://git@forge.test:2222/acme/demo.git',
  'git@forge.test:acme/demo.git',
  'forge.test:acme/demo',
  'git@forge.test:/acme/demo.git',
];

test.each(SAME)('%s is one repository, however it is reached', (url) => {
  for (const other of SAME) expect(isSameRepository(url, other)).toBe(true);
});

test.each([
  'https://forge.test/acme/demo2.git',
  'https://forge.test/Acme/demo.git',
  'https://other.test/acme/demo.git',
  'https://forge.test.evil/acme/demo.git',
  'https://forge.test@evil.test/acme/demo.git',
  '/forge.test/acme/demo.git',
  'git@forge.test:other/acme/demo.git',
])('%s is another one', (url) => {
  for (const other of SAME) expect(isSameRepository(url, other)).toBe(false);
});

test('paths are one repository by their names', () => {
  expect(isSameRepository('/srv/git/demo.git', 'file:///srv/git/demo')).toBe(true);
  expect(isSameRepository('/srv/git/demo.git', '/srv/git/other.git')).toBe(false);
});
