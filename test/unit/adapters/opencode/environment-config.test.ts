import { expect, test } from 'vitest';
import { withoutSkills } from '../../../../src/adapters/opencode/environment-config.ts';

const hidden = (given: string | undefined): string | undefined =>
  withoutSkills({ OPENCODE_PERMISSION: given }, ['kugetsu'])['OPENCODE_PERMISSION'];

test.each([
  ['nothing', undefined, { 'skil?': { kugetsu: 'deny' } }],
  ['an empty one', ' ', { 'skil?': { kugetsu: 'deny' } }],
  [
    'rules of the user, which come before',
    '{"skill":"deny","bash":"ask"}',
    { skill: 'deny', bash: 'ask', 'skil?': { kugetsu: 'deny' } },
  ],
  ['what an outer run has', '{"skil?":{"kugetsu":"deny"},"bash":"ask"}', { bash: 'ask', 'skil?': { kugetsu: 'deny' } }],
])('a skill is hidden beside %s', (_what, given, expected) => {
  expect(JSON.stringify(JSON.parse(hidden(given) ?? ''))).toBe(JSON.stringify(expected));
});

test('what opencode cannot read is left to it, and without skills nothing is said', () => {
  expect(hidden('{"skill":')).toBe('{"skill":');
  expect(hidden('"allow"')).toBe('"allow"');
  expect(withoutSkills({ A: '1' }, [])).toEqual({ A: '1' });
});
