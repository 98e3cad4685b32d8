import { describe, expect, test } from 'vitest';
import { parseSshUrl, remoteFailure } from '../../../../src/adapters/git/clone-failure.ts';
import { isHonoured } from '../../../../src/adapters/git/git-environment.ts';
import { lockNamedIn } from '../../../../src/adapters/git/git-command.ts';
import { isEmptyTree } from '../../../../src/adapters/git/object-name.ts';

test.each([
  ['ssh://git@forge.test:2222/acme/demo.git', { host: 'forge.test', options: '-p 2222 git@forge.test' }],
  ['ssh://forge.test/acme/demo.git', { host: 'forge.test', options: 'forge.test' }],
  ['ssh://git@[::1]:22/demo', { host: '::1', options: '-p 22 git@::1' }],
  ['git@forge.test:acme/demo.git', { host: 'forge.test', options: 'git@forge.test' }],
  ['https://forge.test/acme/demo.git', undefined],
  ['/srv/git/demo.git', undefined],
])('the ssh address of %s', (url, address) => {
  expect(parseSshUrl(url)).toEqual(address);
});

test.each([
  [
    "fatal: Unable to create '/r/x.git/packed-refs.lock': File exists.\n\nAnother git process",
    '/r/x.git/packed-refs.lock',
  ],
  ["error: cannot lock ref 'r': Unable to create '/r/a b/main.lock': File exists.", '/r/a b/main.lock'],
  ['error: could not lock config file /r/x.git/config: File exists', '/r/x.git/config.lock'],
  ['error: could not lock config file config: File exists', undefined],
  ["fatal: Unable to create '/r/x.lock': Permission denied", undefined],
])('the lock that is named in %j', (stderr, lock) => {
  expect(lockNamedIn(stderr)).toBe(lock);
});

describe('what git says of a repository that it does not read', () => {
  const failure = (stderr: string): ReturnType<typeof remoteFailure> =>
    remoteFailure({ verb: 'clone', url: '/r/x', stderr, timedOut: false });

  test('another owner, with the command of git itself, and without where git gives none', () => {
    const owned = "fatal: detected dubious ownership in repository at '/r/x'\n";
    const advice = 'To add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /r/x\n';
    const rest =
      'fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n';
    expect(failure(`${owned}${advice}${rest}`)).toMatchObject({
      code: 'repository_not_owned',
      hint: 'if you trust it, run: git config --global --add safe.directory /r/x',
    });
    expect(failure(`${owned}${rest}`).hint).toContain('safe.directory PATH');
  });
});

test('the empty tree is known by both of its names', () => {
  expect(isEmptyTree('4b825dc642cb6eb9a060e54bf8d69288fbee4904')).toBe(true);
  expect(isEmptyTree('6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321')).toBe(true);
  expect(isEmptyTree('4b825dc642cb6eb9a060e54bf8d69288fbee4905')).toBe(false);
});

test('what reaches a server is honoured, what redirects git is not', () => {
  const honoured = ['GIT_SSH_VARIANT', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'GIT_CONFIG_KEY_12', 'GIT_LFS_SKIP_SMUDGE'];
  const keptOut = ['GIT_DIR', 'GIT_HTTP_LOW_SPEED_LIMIT', 'GIT_CONFIG', 'GIT_TRACE', 'GIT_DEFAULT_HASH'];
  expect([...honoured, ...keptOut].filter(isHonoured)).toEqual(honoured);
});
