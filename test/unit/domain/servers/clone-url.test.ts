import { describe, expect, test } from 'vitest';
import { parseIssueRef } from '../../../../src/domain/issues/issue-ref.ts';
import { chooseCloneSource, type CloneSource } from '../../../../src/domain/servers/clone-url.ts';

interface Given {
  readonly repos?: Parameters<typeof chooseCloneSource>[1];
  readonly servers?: Record<string, string>;
}

function sourceOf(ref: string, { repos = {}, servers = {} }: Given): CloneSource {
  const entries = Object.entries(servers).map(([name, url]) => [name, { url }] as const);
  return chooseCloneSource(parseIssueRef(ref), repos, { default: null, servers: Object.fromEntries(entries) });
}

const REF = 'git.example.com/shoko/kugetsu#14';
const REPOSITORY = 'git.example.com/shoko/kugetsu';
const ALL = {
  repos: { [REF]: 'file:///issue.git', [REPOSITORY]: 'file:///repository.git' },
  servers: { 'git.example.com': 'https://named.example.com', other: 'https://git.example.com:3000' },
};

describe('a repository is cloned', () => {
  test('from its host over https when nothing else is known', () => {
    expect(sourceOf('GitHub.com/Shoko/Kugetsu#14', {})).toEqual({
      url: 'https://github.com/Shoko/Kugetsu.git',
      source: 'github.com/Shoko/Kugetsu',
    });
  });

  test('from the URL of the issue before anything else', () => {
    expect(sourceOf(REF, ALL)).toEqual({ url: 'file:///issue.git', source: REF });
  });

  test.each([
    'git.example.com/shoko kugetsu#14',
    'Git.Example.com shoko kugetsu#14',
    ' git.example.com/shoko/kugetsu#14 ',
  ])('from the URL under the key %j, as the bash script had it', (key) => {
    expect(sourceOf(REF, { repos: { [key]: 'file:///issue.git' } })).toEqual({ url: 'file:///issue.git', source: REF });
  });

  test('from the URL of the repository for every other issue of it', () => {
    expect(sourceOf('git.example.com/shoko/kugetsu#15', ALL)).toEqual({
      url: 'file:///repository.git',
      source: REPOSITORY,
    });
  });

  test('from the server that has the name, before one that has the host', () => {
    expect(sourceOf(REF, { servers: ALL.servers }).url).toBe('https://named.example.com/shoko/kugetsu.git');
    expect(sourceOf('work/shoko/kugetsu#14', { servers: { work: 'ssh://git@host:22' } }).url).toBe(
      'ssh://git@host:22/shoko/kugetsu.git',
    );
  });

  test('from the server that has the host, with its scheme and port', () => {
    expect(sourceOf(REF, { servers: { other: 'http://git.example.com:3000/' } })).toEqual({
      url: 'http://git.example.com:3000/shoko/kugetsu.git',
      source: REPOSITORY,
    });
  });

  test('from its host when no server and no entry is about it', () => {
    const given = {
      repos: { 'git.example.com/shoko/other': 'file:///x.git', 'git.example.com/shoko/kugetsu#15': 'file:///y.git' },
      servers: { other: 'https://example.com', broken: 'not a url' },
    };
    expect(sourceOf(REF, given).url).toBe('https://git.example.com/shoko/kugetsu.git');
  });

  test('from an entry whose host is written in another case', () => {
    expect(sourceOf(REF, { repos: { 'Git.Example.COM/shoko/kugetsu': 'file:///x.git' } }).url).toBe('file:///x.git');
    expect(sourceOf(REF, { repos: { 'Git.Example.COM/shoko/kugetsu#14': 'file:///x.git' } }).url).toBe('file:///x.git');
  });

  test('not from an entry whose owner is written in another case', () => {
    const { url } = sourceOf(REF, { repos: { 'git.example.com/Shoko/kugetsu': 'file:///x.git' } });
    expect(url).toBe('https://git.example.com/shoko/kugetsu.git');
  });
});

describe('an entry of repos.json that is an object', () => {
  const url = 'file:///x.git';

  test('has a URL, a branch, or both; what it lacks is as without it', () => {
    const source = REPOSITORY;
    const usual = `https://${REPOSITORY}.git`;
    const [base_branch, baseBranch] = ['develop', 'develop'];
    expect(sourceOf(REF, { repos: { [REPOSITORY]: { url, base_branch } } })).toEqual({ url, source, baseBranch });
    expect(sourceOf(REF, { repos: { [REPOSITORY]: { base_branch } } })).toEqual({ url: usual, source, baseBranch });
    expect(sourceOf(REF, { repos: { [REPOSITORY]: { url, later: 'kept' } } })).toEqual({ url, source });
  });

  test('of an issue has its own branch, and that of the repository only where it is the same repository', () => {
    const ofRepository = { [REPOSITORY]: { url, base_branch: 'develop' } };
    expect(sourceOf(REF, { repos: { ...ofRepository, [REF]: { base_branch: 'v2' } } })).toEqual({
      url,
      source: REPOSITORY,
      baseBranch: 'v2',
    });
    expect(sourceOf(REF, { repos: { ...ofRepository, [REF]: {} } }).baseBranch).toBe('develop');
    expect(sourceOf(REF, { repos: { ...ofRepository, [REF]: 'file:///other.git' } }).baseBranch).toBeUndefined();
  });
});
