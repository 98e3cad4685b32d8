import { describe, expect, test } from 'vitest';
import { limitReached, limitWords, needsNewNumber, NO_BUDGET } from '../../../../src/domain/runs/spending.ts';

const TOKENS = { input: 600, output: 100, reasoning: 100, cache_read: 150, cache_write: 50 };
const used = (cost: number, lastFinish: string | undefined = 'tool-calls') => ({ tokens: TOKENS, cost, lastFinish });

describe('the budget of a run', () => {
  test('has no limit by default', () => {
    expect(limitReached(NO_BUDGET, used(1e6))).toBeUndefined();
  });

  test('is used up by all tokens, those of the cache too', () => {
    expect(limitReached({ ...NO_BUDGET, AGENT_MAX_TOKENS: 1001 }, used(0))).toBeUndefined();
    const limit = limitReached({ ...NO_BUDGET, AGENT_MAX_TOKENS: 1000 }, used(0));
    expect(limit).toEqual({ setting: 'AGENT_MAX_TOKENS', value: 1000, used: 1000 });
    expect(limit === undefined ? '' : limitWords(limit)).toBe('the run has used 1000 tokens, AGENT_MAX_TOKENS is 1000');
  });

  test('is used up by what the engine says it cost', () => {
    expect(limitReached({ ...NO_BUDGET, AGENT_MAX_COST: 0.5 }, used(0.49))).toBeUndefined();
    expect(limitReached({ ...NO_BUDGET, AGENT_MAX_COST: 0.5 }, used(0.5))).toMatchObject({ setting: 'AGENT_MAX_COST' });
  });

  test('does not end an agent that is done', () => {
    expect(limitReached({ ...NO_BUDGET, AGENT_MAX_COST: 0.5 }, used(2, 'stop'))).toBeUndefined();
  });
});

describe('a run that was ended at its limit goes on', () => {
  const ended = { class: 'over_budget', limit: { setting: 'AGENT_MAX_COST', value: 0.5, used: 0.6 } };
  const needed = (value: number) => needsNewNumber({ ...NO_BUDGET, AGENT_MAX_COST: value }, ended);

  test('with a higher number, or with none', () => {
    expect(needed(0.6)).toBeUndefined();
    expect(needed(0)).toBeUndefined();
  });

  test('not with the same one, or a lower', () => {
    expect(needed(0.5)).toEqual({ setting: 'AGENT_MAX_COST', value: 0.5 });
    expect(needed(0.1)).toEqual({ setting: 'AGENT_MAX_COST', value: 0.1 });
  });

  test('as any other run does that ended otherwise', () => {
    expect(needsNewNumber({ ...NO_BUDGET, AGENT_MAX_COST: 0.1 }, { class: 'stall_timeout' })).toBeUndefined();
    expect(needsNewNumber({ ...NO_BUDGET, AGENT_MAX_COST: 0.1 }, null)).toBeUndefined();
  });
});
