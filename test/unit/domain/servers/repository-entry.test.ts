import { describe, expect, test } from 'vitest';
import {
  entryFaults,
  entryOf,
  REPOSITORY_KEYS,
  repositoryFault,
} from '../../../../src/domain/servers/repository-entry.ts';

const WHOLE = {
  url: 'ssh://git@forge.example/acme/demo.git',
  checkout: '/home/me/demo',
  copy: ['.env', '/node_modules/', '!.env.production'],
  setup: 'npm ci\nnpm run build',
  check: 'npm test',
  done_when: 'pushed',
  base_branch: 'release/v2',
  branch_prefix: 'agents/me-',
  model: 'provider/family/model',
  engine: 'process',
};

describe('an entry of repos.json', () => {
  test('may have every setting, and keys of other programs', () => {
    expect(Object.keys(WHOLE)).toEqual([...REPOSITORY_KEYS]);
    expect(entryFaults({ ...WHOLE, _comment: 'mine', team: 'core' })).toEqual([]);
    expect(entryOf({ ...WHOLE, team: 'core' })).toEqual(WHOLE);
    expect(entryOf('/srv/git/demo.git')).toEqual({ url: '/srv/git/demo.git' });
  });

  test.each([
    ['checkout', 'demo', 'must be an absolute path'],
    ['copy', '.env', 'must be a list of texts'],
    ['copy', ['.env', 1], 'must be a list of texts'],
    ['copy', ['a\nb'], 'must be a list of patterns of one line each'],
    ['setup', ' \n', 'must not be empty'],
    ['setup', ['npm', 'ci'], 'must be text'],
    ['check', 'a\0b', 'must not have a NUL character'],
    ['done_when', 'merged', 'must be replied, committed or pushed'],
    ['engine', 'shared', 'must be auto, process or server'],
    ['base_branch', '-x', 'must be the name of a branch'],
    ['model', 'gpt', 'must be provider/model'],
    ['url', null, 'must be text'],
  ] as const)('has no %s that is %j', (key, value, fault) => {
    expect(entryFaults({ ...WHOLE, [key]: value })).toEqual([{ key, fault }]);
    expect(repositoryFault(key, value)).toBe(fault);
    expect(entryOf({ ...WHOLE, [key]: value })).not.toHaveProperty(key);
  });

  test.each(['-fix/', '/fix', '.fix/', 'fix//', 'a..b', 'fix me/', 'a/.b', 'a.lock/', 'a@{b', 'a:b', 'a~', ''])(
    'has no branch_prefix %j, which git would refuse in a branch',
    (prefix) => {
      expect(repositoryFault('branch_prefix', prefix)).toContain('git-check-ref-format');
    },
  );

  test.each([
    ['chek', 'check'],
    ['set-up', 'setup'],
    ['baseBranch', 'base_branch'],
    ['DONE_WHEN', 'done_when'],
    ['checkuot', 'checkout'],
  ])('that has %s, nearly %s, is not taken for one without it', (key, meant) => {
    expect(entryFaults({ [key]: 'x' })).toEqual([
      { key, fault: `is no setting of a repository; did you mean ${meant}?` },
    ]);
  });

  test.each([null, 5, true, ['url']])('is not %j', (value) => {
    expect(entryFaults(value)).toEqual([{ key: undefined, fault: 'must be a clone URL or an object' }]);
  });
});
