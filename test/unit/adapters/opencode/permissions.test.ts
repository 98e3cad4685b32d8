import { describe, expect, test } from 'vitest';
import { headlessPermission, type PermissionRule } from '../../../../src/adapters/opencode/permissions.ts';

const RULES = headlessPermission(['/data/opencode/tool-output', '/tmp/kugetsu']);

/** What the last rule that matches says, as opencode decides it; `*` stands for any text. */
function decision(permission: string, subject: string): PermissionRule['action'] | undefined {
  const matches = ({ pattern }: PermissionRule): boolean => {
    const [start = '', end] = pattern.split('*');
    return end === undefined ? subject === start : subject.startsWith(start) && subject.endsWith(end);
  };
  return RULES.findLast((rule) => rule.permission === permission && matches(rule))?.action;
}

describe('a session that nobody watches', () => {
  test.each(['question', 'plan_enter', 'plan_exit', 'doom_loop'])(
    'is denied %s, which would wait for a person',
    (name) => {
      expect(decision(name, 'anything')).toBe('deny');
    },
  );

  test('may use the writable directories outside its own and no others', () => {
    expect(decision('external_directory', '/tmp/kugetsu/x')).toBe('allow');
    expect(decision('external_directory', '/data/opencode/tool-output/tool_1')).toBe('allow');
    expect(decision('external_directory', '/tmp/kugetsu-other/x')).toBe('deny');
    expect(decision('external_directory', '/etc/passwd')).toBe('deny');
  });

  test('may not read files of secrets, and reads the others by the rules below its own', () => {
    expect(decision('read', 'config/.env')).toBe('deny');
    expect(decision('read', 'README.md')).toBeUndefined();
  });

  test('is never asked, and has no rule that is incomplete', () => {
    for (const { permission, pattern, action } of RULES) {
      expect([permission, pattern]).not.toContain('');
      expect(['allow', 'deny']).toContain(action);
    }
  });
});
