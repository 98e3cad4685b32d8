import { describe, expect, test } from 'vitest';
import { remoteFailure, withoutCredentials } from '../../../../src/adapters/git/clone-failure.ts';

const URL = 'https://shoko:s3cret@git.example.com/a/b.git';
const REMOTE =
  'fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n';

describe('a failed clone', () => {
  test.each([
    ["fatal: could not read Username for 'https://github.com': terminal prompts disabled", 'repository_no_access'],
    [
      "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/a/b.git/'",
      'repository_no_access',
    ],
    [`git@github.com: Permission denied (publickey).\r\n${REMOTE}`, 'repository_no_access'],
    [`Host key verification failed.\r\n${REMOTE}`, 'repository_no_access'],
    ["fatal: unable to access 'https://h/a/b.git/': The requested URL returned error: 403", 'repository_no_access'],
    ["fatal: unable to access 'https://h/a/': Could not resolve host: h", 'repository_unreachable'],
    [`ssh: Could not resolve hostname h: Name or service not known\r\n${REMOTE}`, 'repository_unreachable'],
    [`ssh: connect to host h port 22: Connection refused\r\n${REMOTE}`, 'repository_unreachable'],
    [`ssh: connect to host h port 22: Connection timed out\r\n${REMOTE}`, 'repository_unreachable'],
    [
      "fatal: unable to access 'https://h:1/a/': Failed to connect to h port 1 after 0 ms: Couldn't connect to server",
      'repository_unreachable',
    ],
    [
      "fatal: unable to access 'https://h/a/': Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds",
      'repository_unreachable',
    ],
    ["fatal: unable to access 'https://h/a/b.git/': The requested URL returned error: 404", 'repository_not_found'],
    ["remote: Repository not found.\nfatal: repository 'https://h/a/b.git/' not found", 'repository_not_found'],
    [`ERROR: Repository not found.\n${REMOTE}`, 'repository_not_found'],
    ["fatal: repository '/srv/b.git' does not exist", 'repository_not_found'],
    [`fatal: '/srv/b.git' does not appear to be a git repository\n${REMOTE}`, 'repository_not_found'],
    ["fatal: Unable to find remote helper for 'foo'", 'repository_failed'],
    ['', 'repository_failed'],
  ])('with %j is told apart', (stderr, code) => {
    const lines = `Cloning into bare repository 'b.git'...\n${stderr}\n`;
    const failure = remoteFailure({ verb: 'clone', url: URL, stderr: lines, timedOut: false });
    expect(failure).toMatchObject({ code, hint: expect.any(String), details: lines });
    expect(failure.message).toMatch(/^cannot clone https:\/\/git\.example\.com\/a\/b\.git: .+$/);
  });

  test('for a reason that is not known says what git said', () => {
    const { message } = remoteFailure({
      verb: 'fetch',
      url: URL,
      stderr: "noise\nfatal: Unable to find remote helper for 'foo'\nmore\n",
      timedOut: false,
    });
    expect(message).toBe("cannot fetch https://git.example.com/a/b.git: Unable to find remote helper for 'foo'");
  });

  test('that took too long says so, whatever was printed until then', () => {
    const stderr = 'remote: Repository not found.';
    expect(remoteFailure({ verb: 'fetch', url: URL, stderr, timedOut: true })).toMatchObject({
      code: 'repository_failed',
      message: expect.stringContaining('timed out after 1h 00m'),
    });
  });
});

describe('a printed URL', () => {
  test.each([
    [URL, 'https://git.example.com/a/b.git'],
    ['https://ghp_token@github.com/a/b.git', 'https://github.com/a/b.git'],
    ['HTTP://u:p@h:3000/a', 'HTTP://h:3000/a'],
    ['ssh://git@h:22/a/b.git', 'ssh://h:22/a/b.git'],
    ['https://h/a@b/c.git', 'https://h/a@b/c.git'],
    ['git@github.com:a/b.git', 'git@github.com:a/b.git'],
    ['/srv/a@b/c.git', '/srv/a@b/c.git'],
  ])('%s is printed as %s', (url, printed) => {
    expect(withoutCredentials(url)).toBe(printed);
  });
});
