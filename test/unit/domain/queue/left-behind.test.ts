import { expect, test } from 'vitest';
import type { FleetIssue } from '../../../../src/domain/queue/fleet.ts';
import { leftBehind, newsOfLeft } from '../../../../src/domain/queue/left-behind.ts';
import { rawText } from '../../../../src/util/words.ts';

const NOTHING = {
  commits_ahead: 0,
  uncommitted_files: 0,
  pushed: true,
  branch: 'fix/issue-1',
  head: '0123456789abcdef0123456789abcdef01234567',
};
const AT = '2026-03-29T18:16:10+02:00';

function issueWith(evidence: object | null, given: Partial<FleetIssue> = {}, host = 'a'): FleetIssue {
  return {
    issue_ref: 'h/a/b#1',
    host: 'a',
    since: 0,
    is_gone: false,
    at_work: false,
    note: {
      host,
      run: 'r_1',
      at: AT,
      outcome: 'succeeded',
      class: 'ok',
      evidence: evidence === null ? null : { ...NOTHING, ...evidence },
    },
    ...given,
  };
}

function text(issue: FleetIssue): string | undefined {
  const left = leftBehind(issue);
  return left === undefined ? undefined : rawText(left);
}

const COMMITS = '2 commits on fix/issue-1 up to 0123456789ab, which is not pushed';

test.each([
  ['nothing was done', issueWith({}), undefined],
  ['all was pushed', issueWith({ commits_ahead: 2 }), undefined],
  ['nothing was told', issueWith(null, { note: undefined }), undefined],
  ['git could not tell', issueWith(null), undefined],
  ['another host told it', issueWith({ uncommitted_files: 1 }, {}, 'b'), undefined],
  ['commits', issueWith({ commits_ahead: 2, pushed: false }), `${COMMITS} (as of ${AT})`],
  ['files', issueWith({ commits_ahead: 2, uncommitted_files: 1 }), `1 uncommitted file (as of ${AT})`],
  [
    'both, and an agent',
    issueWith({ commits_ahead: 2, pushed: false, uncommitted_files: 3 }, { at_work: true }),
    `${COMMITS}, 3 uncommitted files, what its agent is at (as of ${AT})`,
  ],
  [
    'no branch',
    issueWith({ commits_ahead: 1, pushed: false, branch: null }),
    expect.stringMatching(/^1 commit up to /),
  ],
  ['an agent alone', issueWith(null, { note: undefined, at_work: true }), 'what its agent is at'],
])('what only a host has: %s', (_, issue, left) => {
  expect(text(issue)).toEqual(left);
});

test('nothing is told of nothing, and what is told says which issue', () => {
  expect(newsOfLeft(issueWith({}), ['host a is gone'])).toEqual([]);
  const [news] = newsOfLeft(issueWith({ uncommitted_files: 1 }), ['host a is gone']);
  expect(news).toMatchObject({ type: 'work_unpushed', issue_ref: 'h/a/b#1' });
  expect(rawText(news?.message ?? '')).toBe(`host a is gone, and only that host has: 1 uncommitted file (as of ${AT})`);
});
