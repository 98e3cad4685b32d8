import { expect, test } from 'vitest';
import { contextTokens } from '../../../../src/adapters/opencode/context-tokens.ts';

const tokens = { total: 160, input: 100, output: 20, reasoning: 10, cache: { read: 25, write: 5 } };

test('a conversation takes all that its last answer read and wrote, and after a compaction its summary', () => {
  expect(contextTokens({ role: 'assistant', tokens })).toBe(160);
  expect(contextTokens({ role: 'assistant', summary: true, tokens })).toBe(20);
});

test.each([
  ['a question', { role: 'user', tokens }],
  [
    'an answer that was broken off',
    { role: 'assistant', tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } } },
  ],
  ['an answer without tokens', { role: 'assistant' }],
  ['an answer whose tokens are none', { role: 'assistant', tokens: { ...tokens, input: -1 } }],
  ['nothing', null],
])('%s does not say what it takes', (_what, info) => {
  expect(contextTokens(info)).toBeUndefined();
});
