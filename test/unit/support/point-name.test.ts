import { expect, test } from 'vitest';
import { pointName } from '../../support/faults/point-name.ts';

const names = { home: '/w/user/.kugetsu', world: '/w' };
const name = (kind: string, target: string): string | undefined => pointName('before', { kind, target }, names);

test('a point has the same name whatever ids and random parts a path has', () => {
  expect(name('rename', '/w/user/.kugetsu/queue/items/q_0mws7a50k12345678.json')).toBe(
    'before rename ~/queue/items/q_*.json',
  );
  expect(name('write', '/w/user/.kugetsu/.index.json.0123456789ab.tmp')).toBe('before write ~/.index.json.*.tmp');
  expect(name('remove', '/w/tmp/kugetsu-opencode-Ab3dE9')).toBe('before remove /tmp/kugetsu-opencode-*');
  expect(name('write', '/w/user/.kugetsu/heartbeats/686620383a3f5dd5')).toBe('before write ~/heartbeats/*');
  expect(name('write', '/proc/self/fd/12/b')).toBe('before write <open directory>/b');
  expect(name('make directory', '/w/user/.kugetsu/worktrees/forge.test-acme-demo-12')).toBe(
    'before make directory ~/worktrees/forge.test-acme-demo-N',
  );
});

test('a program is named by its subcommand, and one that only reads has no point', () => {
  expect(name('run', 'git -c core.hooksPath=/dev/null worktree add --quiet -B x /w/x origin/main')).toBe(
    'before run git worktree add',
  );
  expect(name('run', 'git -c core.hooksPath=/dev/null rev-parse HEAD')).toBeUndefined();
  expect(name('run', '/x/opencode.exe import /tmp/x.json')).toBe('before run opencode import');
  expect(name('start', '/x/dist/kugetsu __runner r_1')).toBe('before start kugetsu __runner');
});
