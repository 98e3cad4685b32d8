import { describe, expect, test } from 'vitest';
import { VerdictSchema } from '../../../../src/domain/runs/run-schema.ts';
import { finish, observed, verdictOn } from '../../support/observed.ts';

describe('what was seen', () => {
  const step = (input: number, cost: number): unknown => ({
    type: 'step_finish',
    part: { reason: 'stop', cost, tokens: { input, output: 2, reasoning: 3, cache: { read: 4, write: 5 } } },
  });

  test('adds steps, tokens and cost up', () => {
    expect(verdictOn({ events: [step(1, 0.5), step(10, 0.25), step(100, 0.125)] })).toMatchObject({
      steps: 3,
      cost: 0.875,
      tokens: { input: 111, output: 6, reasoning: 9, cache_read: 12, cache_write: 15 },
    });
  });

  test('has the last text as the reply', () => {
    const texts = ['first', 'second'].map((text) => ({ type: 'text', part: { text } }));
    expect(verdictOn({ events: [...texts, { type: 'reasoning', part: { text: 'hm' } }] }).reply).toBe('second');
  });

  test('counts unknown finish reasons only while they come in a row', () => {
    const [a, b] = [finish('unknown'), finish('tool-calls')];
    expect(observed({ events: [a, a] }).unknownFinishes).toBe(2);
    expect(observed({ events: [a, a, b] }).unknownFinishes).toBe(0);
    expect(observed({ events: [a, b, a] }).unknownFinishes).toBe(1);
  });

  test('makes a verdict that the session file can keep', () => {
    const verdict = { ...verdictOn({ events: [step(1, 0)] }), evidence: null };
    expect(VerdictSchema.parse(JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
  });
});
