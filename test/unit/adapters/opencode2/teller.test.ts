import { expect, test } from 'vitest';
import type { Utterance } from '../../../../src/adapters/engine/agent-event.ts';
import { failureOf } from '../../../../src/adapters/opencode2/failures.ts';
import { MessageSchema, type Message } from '../../../../src/adapters/opencode2/schemas.ts';
import { Teller } from '../../../../src/adapters/opencode2/teller.ts';

const TOKENS = { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } };
const message = (more: Readonly<Record<string, unknown>>): Message =>
  MessageSchema.parse({ id: 'msg_1', type: 'assistant', time: { created: 1_795_715_440_000 }, content: [], ...more });
const DONE = { created: 1_795_715_440_000, completed: 1_795_715_441_000 };
const types = (said: readonly Utterance[]): string[] =>
  said.map((each) => (each.from === 'agent' ? each.event.type : each.from));

test('a step is told as it grows, each thing once, and its end is made from what is stored', () => {
  const teller = new Teller('ses_1');
  const running = { type: 'tool', name: 'shell', state: { status: 'running', input: { command: 'ls' } } };
  expect(types(teller.tell([message({})]))).toEqual(['step_start']);
  expect(types(teller.tell([message({ content: [{ type: 'text', text: 'I wi' }] })]))).toEqual([]);
  expect(types(teller.tell([message({ content: [{ type: 'text', text: 'I will' }, running] })]))).toEqual(['text']);
  const state = {
    status: 'completed',
    input: { command: 'ls' },
    content: [{ type: 'text', text: 'a\n' }],
    metadata: { exit: 0 },
  };
  const whole = message({
    content: [
      { type: 'text', text: 'I will' },
      { ...running, state },
    ],
    time: DONE,
    finish: 'tool-calls',
    tokens: TOKENS,
    cost: 0.5,
  });
  const last = teller.tell([whole]);
  expect(last.map((said) => (said.from === 'agent' ? said.event : undefined))).toMatchObject([
    { type: 'tool_use', tool: 'shell', status: 'completed', summary: 'ls', exitCode: 0, output: 'a\n' },
    { type: 'step_finish', reason: 'tool-calls', cost: 0.5, tokens: { input: 1, cache_read: 4 } },
  ]);
  expect(teller.tell([whole])).toEqual([]);
});

test('what a cut-off turn has said is told when it is over, and has no end', () => {
  const teller = new Teller('ses_1');
  const cut = message({ content: [{ type: 'text', text: 'half' }] });
  expect(types(teller.tell([cut]))).toEqual(['step_start']);
  expect(types(teller.tell([cut], true))).toEqual(['text']);
});

test('a failed step is an error and no end; what a person said is not told', () => {
  const error = { type: 'provider.auth', message: 'Provider request failed with HTTP 403: no' };
  const said = new Teller('ses_1').tell([
    message({ id: 'msg_0', type: 'user', text: 'hello' }),
    message({ time: DONE, finish: 'error', error }),
  ]);
  expect(types(said)).toEqual(['step_start', 'error']);
  expect(said[1]).toMatchObject({ event: { statusCode: 403, retryable: false, filtered: false } });
});

test('a call of the model that is tried again is a remark, once for each attempt', () => {
  const teller = new Teller('ses_1');
  const retry = { attempt: 2, at: 9, error: { type: 'provider.rate-limit', message: 'HTTP 429: later' } };
  expect(types(teller.tell([message({ retry })]))).toEqual(['step_start', 'engine']);
  expect(teller.tell([message({ retry })])).toEqual([]);
  expect(teller.tell([message({ retry: { ...retry, attempt: 3 } })])).toMatchObject([
    { failedCall: 'HTTP 429: later' },
  ]);
});

test.each([
  [
    { type: 'provider.auth', message: '' },
    { statusCode: 401, retryable: false, message: 'provider.auth' },
  ],
  [
    { type: 'provider.internal', message: 'HTTP 503: x' },
    { statusCode: 503, retryable: undefined },
  ],
  [
    { type: 'provider.content-filter', message: 'blocked' },
    { filtered: true, retryable: false },
  ],
  [{ type: 'provider.no-route', message: 'Model unavailable: a/b' }, { reason: { class: 'unknown_model' } }],
  [{ type: 'unknown', message: 'Agent not found: "x"' }, { reason: { class: 'agent_unavailable' } }],
  [
    { type: 'unknown', message: 'database is locked' },
    { reason: { class: 'database_locked' }, retryable: true },
  ],
  [
    { type: 'provider.invalid-output', message: 'cut' },
    { statusCode: undefined, reason: undefined },
  ],
])('%j is read', (error, failure) => {
  expect(failureOf(error)).toMatchObject(failure);
});
