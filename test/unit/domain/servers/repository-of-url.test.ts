import { expect, test } from 'vitest';
import { onServer } from '../../../../src/domain/servers/repository-of-url.ts';

const SERVERS = {
  default: null,
  servers: {
    work: { url: 'https://git.test:3000/x' },
    lab: { url: 'https://gitlab.test' },
    short: { url: 'git@ssh.test:' },
    local: { url: '/srv/git' },
  },
};

test.each([
  ['https://github.com/shoko/kugetsu', 'github.com/shoko/kugetsu'],
  ['https://github.com/shoko/kugetsu.git', 'github.com/shoko/kugetsu'],
  ['https://www.github.com/shoko/kugetsu/', 'github.com/shoko/kugetsu'],
  ['https://me:secret@github.com/shoko/kugetsu.git', 'github.com/shoko/kugetsu'],
  ['git@github.com:shoko/kugetsu.git', 'github.com/shoko/kugetsu'],
  ['ssh://git@codeberg.org/shoko/kugetsu.git', 'codeberg.org/shoko/kugetsu'],
  ['ssh://git@codeberg.org:2222/shoko/kugetsu.git', 'codeberg.org/shoko/kugetsu'],
  ['HTTPS://GitLab.com/Shoko/Kugetsu', 'gitlab.com/Shoko/Kugetsu'],
  ['https://git.test:3000/x/acme/demo', 'git.test/acme/demo'],
  ['git@git.test:acme/demo.git', 'git.test/acme/demo'],
  ['ssh://git@git.test/x/acme/demo.git', 'git.test/acme/demo'],
  ['http://gitlab.test/acme/demo', 'gitlab.test/acme/demo'],
  ['git@ssh.test:acme/demo.git', 'ssh.test/acme/demo'],
  ['/srv/git/acme/demo.git', 'local/acme/demo'],
])('%s is the repository %s', (url, expected) => {
  const found = onServer(SERVERS, url);
  expect(found === undefined ? undefined : `${found.instance}/${found.owner}/${found.repo}`).toBe(expected);
});

test.each([
  'https://gitlab.com/group/subgroup/project',
  'https://github.com/shoko',
  'https://unknown.test:8443/acme/demo',
  'https://git.test:3000/elsewhere/acme/demo',
  '/home/user/demo',
  '../demo',
  'file:///srv/other/demo',
  '',
])('%s is no repository that a ref can name', (url) => {
  expect(onServer(SERVERS, url)).toBeUndefined();
});
