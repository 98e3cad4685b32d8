import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionRights } from '../../../../src/adapters/engine/session-rights.ts';
import { rulesOf, whatRulesLack, type PermissionRule } from '../../../../src/adapters/opencode/permissions.ts';

const RIGHTS: SessionRights = { kind: 'unattended', writable: ['/data/opencode/tool-output', '/tmp/kugetsu'] };
const RULES = rulesOf(RIGHTS);

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

describe('stored rules', () => {
  const lack = (rules: readonly unknown[]): string | undefined => whatRulesLack(JSON.stringify(rules), RIGHTS)?.message;
  const rule = fc.record({
    permission: fc.constantFrom('*', 'question', 'plan_exit', 'external_directory', 'read', 'bash'),
    pattern: fc.constantFrom('*', '/tmp/x/*', '*.env', 'git *'),
    action: fc.constantFrom('allow', 'deny', 'ask'),
  });

  test.each([
    ['are not there', null, 'it has no permission rules'],
    ['are cut off', '[{"permission":', 'its permission rules cannot be read'],
    ['lack a part', '[{"permission":"question","action":"deny"}]', 'its permission rules cannot be read'],
    ['are none', '[]', 'it does not deny external_directory *'],
  ])('that %s are not enough', (_name, stored, reason) => {
    expect(whatRulesLack(stored, RIGHTS)?.message).toBe(reason);
  });

  test('that end with those of a headless session are enough, whatever comes before', () => {
    fc.assert(
      fc.property(fc.array(rule), (before) => {
        expect(lack([...before, ...RULES])).toBeUndefined();
      }),
    );
  });

  test('stay enough when more is denied, or when some paths are allowed', () => {
    fc.assert(
      fc.property(rule, (more) => {
        expect(lack([...RULES, { ...more, action: 'deny' }])).toBeUndefined();
      }),
    );
    expect(lack([...RULES, { permission: 'external_directory', pattern: '/srv/*', action: 'allow' }])).toBeUndefined();
  });

  test.each([
    { permission: 'question', pattern: '*', action: 'allow' },
    { permission: '*', pattern: '*', action: 'ask' },
    { permission: 'external_directory', pattern: '*', action: 'allow' },
    { permission: 'external_directory', pattern: '/srv/*', action: 'ask' },
  ])('are not enough when a later rule lifts a denial: $action $permission $pattern', (later) => {
    expect(lack([...RULES, later])).toMatch(/^it does not deny/);
  });
});

describe('rights', () => {
  const ALL: readonly SessionRights[] = [RIGHTS, { kind: 'attended' }, { kind: 'words_only' }];

  test.each(ALL)('$kind are there in a session that got their rules', (rights) => {
    expect(whatRulesLack(JSON.stringify(rulesOf(rights)), rights)).toBeUndefined();
  });

  test('to say something and no more are not those of a session that may use tools', () => {
    expect(whatRulesLack(JSON.stringify(RULES), { kind: 'words_only' })).toMatchObject({ kind: 'lifted' });
  });

  test.each([
    ['missing', null],
    ['unreadable', '{'],
  ])('are %s by how they are stored, not by what is said of it', (kind, stored) => {
    expect(whatRulesLack(stored, RIGHTS)).toMatchObject({ kind });
  });
});
