import { describe, expect, test } from 'vitest';
import type { AgentEvent } from '../../../../src/adapters/engine/agent-event.ts';
import { parseEvent } from '../../../../src/adapters/engine/event-lines.ts';

const parse = (value: unknown): AgentEvent => parseEvent(JSON.stringify(value));
const NO_TOKENS = { input: 0, output: 0, reasoning: 0, cache_read: 0, cache_write: 0 };

describe('an event', () => {
  test('of a finished step has its reason, cost and tokens', () => {
    const tokens = { total: 20, input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } };
    const part = { id: 'prt_1', reason: 'tool-calls', cost: 0.5, tokens };
    expect(parse({ type: 'step_finish', timestamp: 1, sessionID: 'ses_1', part })).toEqual({
      type: 'step_finish',
      reason: 'tool-calls',
      cost: 0.5,
      tokens: { input: 1, output: 2, reasoning: 3, cache_read: 4, cache_write: 5 },
    });
  });

  test('of a begun step, a text and a thought has what they say', () => {
    expect(parse({ type: 'step_start', part: {} })).toEqual({ type: 'step_start' });
    expect(parse({ type: 'text', part: { text: 'hi' } })).toEqual({ type: 'text', text: 'hi' });
    expect(parse({ type: 'reasoning', part: { text: 'hm' } })).toEqual({ type: 'reasoning', text: 'hm' });
  });

  test.each([
    [{ status: 'completed', title: 'a title', input: { command: 'ls -l' } }, 'ls -l'],
    [{ status: 'completed', title: 'a title', input: { filePath: '/x' } }, 'a title'],
    [{ status: 'error', error: 'denied', input: { command: 'ls' } }, 'denied'],
    [{ status: 'completed', input: null }, ''],
  ])('of a tool is summed up by its error, command or title: %j', (state, summary) => {
    expect(parse({ type: 'tool_use', part: { tool: 'bash', state } })).toEqual({
      type: 'tool_use',
      tool: 'bash',
      status: state.status,
      summary,
      input: JSON.stringify(state.input ?? {}),
    });
  });

  test('of an error has its name, message, status and whether to try again', () => {
    const error = { name: 'APIError', data: { message: 'slow down', statusCode: 429, isRetryable: true, more: 1 } };
    expect(parse({ type: 'error', error })).toEqual({
      type: 'error',
      name: 'APIError',
      message: 'slow down',
      statusCode: 429,
      retryable: true,
    });
  });

  test('of an unknown type keeps its name', () => {
    expect(parse({ type: 'session_compacted', part: { text: 'x' } })).toEqual({
      type: 'unknown',
      name: 'session_compacted',
    });
  });
});

describe('fields of the wrong type', () => {
  test('leave a finished step finished', () => {
    const part = { reason: 4, cost: 'x', tokens: { input: 'a', output: 2, cache: 'none' } };
    const tokens = { ...NO_TOKENS, output: 2 };
    expect(parse({ type: 'step_finish', part })).toEqual({ type: 'step_finish', reason: 'unknown', cost: 0, tokens });
  });

  test.each([[{}], [{ tokens: null }], [{ tokens: 7 }]])('leave a step without tokens: %j', (part) => {
    expect(parse({ type: 'step_finish', part })).toMatchObject({ type: 'step_finish', tokens: NO_TOKENS });
  });

  test('never make a number that cannot be added up', () => {
    const line = '{"type":"step_finish","part":{"cost":1e999,"tokens":{"input":1e999}}}';
    expect(parseEvent(line)).toMatchObject({ cost: 0, tokens: NO_TOKENS });
  });

  test.each([
    undefined,
    null,
    7,
    {},
    { name: 5 },
    { name: 'X', data: 3 },
    { data: { statusCode: 'x', isRetryable: 1 } },
  ])('leave an error an error: %j', (error) => {
    expect(parse({ type: 'error', error })).toMatchObject({
      type: 'error',
      statusCode: undefined,
      retryable: undefined,
    });
  });

  test('make an event unknown when nothing of it can be said', () => {
    expect(parse({ type: 'text', part: { text: 4 } })).toEqual({ type: 'unknown', name: 'text' });
    expect(parse({ type: 'tool_use', part: { tool: 'bash' } })).toEqual({ type: 'unknown', name: 'tool_use' });
    expect(parse({ type: 'step_finish' })).toEqual({ type: 'unknown', name: 'step_finish' });
  });
});
