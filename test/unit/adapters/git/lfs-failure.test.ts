import { expect, test } from 'vitest';
import { lfsFailure } from '../../../../src/adapters/git/lfs.ts';

const OID = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
const END = "error: external filter 'git-lfs filter-process' failed\nfatal: large.bin: smudge filter lfs failed\n";
const smudge = (reason: string): string =>
  `Error downloading object: large.bin (5891b5b): Smudge error: Error downloading large.bin (${OID}): ${reason}\n\nErrors logged to '/r/lfs/logs/1.log'.\n${END}`;

// The words are those of git-lfs 3.3 and 3.6, of dash and of bash.
test.each([
  ['git-lfs filter-process: 1: git-lfs: not found\nfatal: the remote end hung up unexpectedly\n', 'lfs_missing'],
  [
    'git-lfs filter-process: line 1: git-lfs: command not found\nfatal: packet write with format failed\n',
    'lfs_missing',
  ],
  ['/opt/git-lfs filter-process: 1: /opt/git-lfs: not found\nfatal: the remote end hung up\n', 'lfs_missing'],
  [
    smudge('batch response: Authentication required: Authorization error: http://h/info/lfs/objects/batch'),
    'lfs_no_access',
  ],
  [smudge('batch response: Authentication required: You must have pull access'), 'lfs_no_access'],
  [
    smudge(`[${OID}] Object does not exist on the server: [404] Object does not exist on the server`),
    'lfs_object_missing',
  ],
  [smudge(`error transferring "${OID}": [0] remote missing object ${OID}`), 'lfs_object_missing'],
  [smudge('batch request: Post "http://h/x": dial tcp 127.0.0.1:9: connect: connection refused'), 'lfs_unreachable'],
  [smudge('batch request: dial tcp: lookup h: no such host'), 'lfs_unreachable'],
  [smudge('batch request: missing protocol: ""'), 'lfs_failed'],
])('%j is told apart', (stderr, code) => {
  const failure = lfsFailure(stderr);
  expect(failure?.code).toBe(code);
  expect(failure?.message).not.toContain('\n');
  expect(failure?.message).not.toContain(OID.slice(0, 64) + ')');
  expect(failure?.hint).toMatch(/^[a-z][^\n]{10,}$/);
});

test('what git says of anything else is no failure of Git LFS', () => {
  expect(lfsFailure('')).toBeUndefined();
  expect(lfsFailure("error: external filter 'mine' failed\nfatal: a.txt: smudge filter mine failed\n")).toBeUndefined();
  expect(lfsFailure('fatal: unable to write new index file\n')).toBeUndefined();
});
