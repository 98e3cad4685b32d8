import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  branchOf,
  formatIssueRef,
  parseIssueRef,
  repositoryOf,
  type IssueRef,
} from '../../../../src/domain/issues/issue-ref.ts';

const part = fc.stringMatching(/^[A-Za-z0-9._][A-Za-z0-9._-]{0,20}$/).filter((text) => !/^\.{1,2}$/.test(text));
const number = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }).map(String);
const discussion = fc
  .tuple(
    fc.constantFrom('-', '-.', '--'),
    fc.array(fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/), { minLength: 1, maxLength: 4 }),
  )
  .map(([start, words]) => start + words.join('.'))
  .filter((text) => !/\.lock$/i.test(text));
const issueRef: fc.Arbitrary<IssueRef> = fc.record({
  instance: part.map((text) => text.toLowerCase()),
  owner: part,
  repo: part,
  identifier: fc.oneof(number, discussion),
});

describe('a ref', () => {
  test('reads back from its text as it was', () => {
    fc.assert(
      fc.property(issueRef, (ref) => {
        expect(parseIssueRef(formatIssueRef(ref))).toEqual(ref);
      }),
    );
  });

  test('has one text, whatever the case of its host was', () => {
    expect(parseIssueRef('GitHub.COM/Shoko/Kugetsu#14')).toEqual({
      instance: 'github.com',
      owner: 'Shoko',
      repo: 'Kugetsu',
      identifier: '14',
    });
    fc.assert(
      fc.property(issueRef, ({ instance, ...rest }) => {
        const text = formatIssueRef(parseIssueRef(formatIssueRef({ instance: instance.toUpperCase(), ...rest })));
        expect(text).toBe(formatIssueRef({ instance, ...rest }));
      }),
    );
  });

  test('belongs to the repository in front of its identifier', () => {
    expect(repositoryOf(parseIssueRef('github.com/shoko/kugetsu#-discuss'))).toBe('github.com/shoko/kugetsu');
  });

  test.each([
    ['github.com/shoko/kugetsu#14', 'fix/issue-14'],
    ['github.com/shoko/kugetsu#0', 'fix/issue-0'],
    ['github.com/shoko/kugetsu#-discuss', 'fix/issue--discuss'],
  ])('%s is worked on a branch named %s', (text, branch) => {
    expect(branchOf(parseIssueRef(text))).toBe(branch);
  });

  test('has a branch that git accepts', () => {
    fc.assert(
      fc.property(issueRef, (ref) => {
        const { status, stdout } = spawnSync('git', ['check-ref-format', '--branch', branchOf(ref)], {
          encoding: 'utf8',
        });
        expect({ status, branch: stdout.trim() }).toEqual({ status: 0, branch: branchOf(ref) });
      }),
      { numRuns: 25 },
    );
  });
});
