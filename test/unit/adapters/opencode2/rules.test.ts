import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDenied, rulesOf, whatRulesLack, type Rule } from '../../../../src/adapters/opencode2/rules.ts';

const ENV = { HOME: '/home/me' };
const UNATTENDED = { kind: 'unattended', writable: ['/tmp/agents'] } as const;

test('an unattended agent may use its own directories, and asks nobody', () => {
  const rules = rulesOf(UNATTENDED, ENV);
  expect(isDenied(rules, 'external_directory', ['/etc/*'])).toBe(true);
  expect(isDenied(rules, 'external_directory', ['/tmp/agents/x/y'])).toBe(false);
  expect(isDenied(rules, 'external_directory', ['/home/me/.local/share/opencode/shell/a/b'])).toBe(false);
  expect(isDenied(rules, 'external_directory', ['/tmp/agents/x', '/etc/*'])).toBe(true);
  expect(isDenied(rules, 'read', ['config/.env'])).toBe(true);
  expect(isDenied(rules, 'read', ['README.md'])).toBe(false);
  expect(isDenied(rules, 'shell', ['git push'])).toBe(false);
  expect(rules.map(({ action }) => action)).not.toContain('doom_loop');
});

test('one that may only say something may nothing else', () => {
  expect(isDenied(rulesOf({ kind: 'words_only' }, ENV), 'shell', ['ls'])).toBe(true);
});

test('the last rule that matches wins, and resources are taken literally but for * and ?', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('allow', 'deny', 'ask'), (resource, effect) => {
      const literal: Rule = { action: 'shell', resource: resource.replaceAll(/[*?]/g, ''), effect };
      const rules: Rule[] = [{ action: '*', resource: '*', effect: 'deny' }, literal];
      expect(isDenied(rules, 'shell', [literal.resource])).toBe(effect === 'deny');
      expect(isDenied(rules, 'shell', [`${literal.resource}x`])).toBe(true);
    }),
  );
});

test('a session with its own rules lacks none, and one that lifts a denial says which', () => {
  const rules = rulesOf(UNATTENDED, ENV);
  expect(whatRulesLack(JSON.stringify(rules), UNATTENDED, ENV)).toBeUndefined();
  const lifted = [...rules, { action: 'question', resource: '*', effect: 'allow' }];
  expect(whatRulesLack(JSON.stringify(lifted), UNATTENDED, ENV)).toMatchObject({
    kind: 'lifted',
    message: 'it does not deny question *',
  });
  expect(whatRulesLack('[{"permission":"x"}]', UNATTENDED, ENV)).toMatchObject({ kind: 'unreadable' });
  expect(whatRulesLack(null, UNATTENDED, ENV)).toMatchObject({ kind: 'missing' });
});
