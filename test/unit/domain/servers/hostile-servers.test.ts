import { expect, test } from 'vitest';
import { remoteFailure, withoutCredentials } from '../../../../src/adapters/git/clone-failure.ts';
import { parseIssueRef } from '../../../../src/domain/issues/issue-ref.ts';
import { chooseCloneSource } from '../../../../src/domain/servers/clone-url.ts';

test.each(['constructor', '__proto__', 'tostring'])('a host named %s is a host like any other', (host) => {
  const ref = parseIssueRef(`${host}/a/b#1`);
  expect(chooseCloneSource(ref, {}, { default: null, servers: {} }).url).toBe(`https://${host}/a/b.git`);
});

test('server names and hosts are found in whatever case they were written', () => {
  const servers = {
    default: null,
    servers: { GitHub: { url: 'https://github.com' }, work: { url: 'ssh://git@Git.Example.com' } },
  };
  expect(chooseCloneSource(parseIssueRef('GitHub/a/b#1'), {}, servers).url).toBe('https://github.com/a/b.git');
  expect(chooseCloneSource(parseIssueRef('git.example.com/a/b#1'), {}, servers).url).toBe(
    'ssh://git@Git.Example.com/a/b.git',
  );
});

test('a password with an @ in it is left out whole', () => {
  expect(withoutCredentials('https://user:p@ss@host/o/r.git')).toBe('https://host/o/r.git');
});

test("a URL in git's own words is printed without its credentials", () => {
  const stderr = "fatal: something about 'https://u:t0k@host/a'";
  const failure = remoteFailure({ verb: 'fetch', url: 'https://host/a', stderr, timedOut: false });
  for (const text of [failure.message, failure.details]) {
    expect(text).toContain('something about');
    expect(text).not.toContain('t0k');
  }
});

test('a disk that cannot be written is not taken for a server without access', () => {
  const stderr = "fatal: could not create leading directories of '/x/y': Permission denied";
  expect(remoteFailure({ verb: 'clone', url: 'https://host/a', stderr, timedOut: false }).code).toBe(
    'repository_not_written',
  );
});
