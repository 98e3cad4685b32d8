import { expect, test } from 'vitest';
import { judge, NOTHING_OBSERVED, observe, observeStderr } from '../../../../src/domain/runs/verdict.ts';
import { heardEvent, heardLine } from '../../support/observed.ts';

const STOP = heardEvent('{"type":"step_finish","part":{"reason":"stop","tokens":{},"cost":0}}');
const OK = { exitCode: 0, signal: undefined, endedFor: undefined };

test('a rejected permission decides, whatever else was said before it', () => {
  const lines = ['WARN database is locked', 'permission requested: bash; auto-rejecting'];
  const seen = observe(lines.map(heardLine).reduce(observeStderr, NOTHING_OBSERVED), STOP);
  expect(judge(seen, OK)).toMatchObject({ outcome: 'failed', class: 'permission_rejected' });
});

test('a complaint on the way to a good end is no failure', () => {
  const seen = observe(observeStderr(NOTHING_OBSERVED, heardLine('WARN database is locked')), STOP);
  expect(judge(seen, OK)).toMatchObject({ outcome: 'succeeded', class: 'ok' });
});

test.each([408, 409])('a status %i that opencode calls retryable is', (statusCode) => {
  const event = heardEvent(
    JSON.stringify({
      type: 'error',
      error: { name: 'APIError', data: { message: 'x', statusCode, isRetryable: true } },
    }),
  );
  expect(judge(observe(NOTHING_OBSERVED, event), { ...OK, exitCode: 1 })).toMatchObject({ retryable: true });
});

test('an end that nobody saw is not given an exit code', () => {
  const { message } = judge(NOTHING_OBSERVED, { exitCode: undefined, signal: undefined, endedFor: undefined });
  expect(message).not.toContain('undefined');
});

test('a very long answer does not end up in state files whole', () => {
  const event = heardEvent(JSON.stringify({ type: 'text', part: { text: 'x'.repeat(1_000_000) } }));
  expect(judge(observe(observe(NOTHING_OBSERVED, event), STOP), OK).reply.length).toBeLessThan(10_000);
});

test.each([
  '! agent "nosuch" not found. Falling back to default agent',
  '\u001B[93m\u001B[1m!\u001B[0m agent "general" is a subagent, not a primary agent. Falling back to default agent',
])('an agent that opencode replaces by another one is none, though all went well: %s', (line) => {
  const seen = observe(observeStderr(NOTHING_OBSERVED, heardLine(line)), STOP);
  expect(judge(seen, OK)).toMatchObject({ outcome: 'failed', class: 'agent_unavailable', retryable: false });
});

test.each([
  'Agent not found: "build". Available agents: plan',
  'default agent "nosuch" not found',
  'default agent "general" is a subagent',
  'no primary visible agent found',
])('an error about agents is not the model’s: %s', (message) => {
  const event = heardEvent(JSON.stringify({ type: 'error', error: { name: 'UnknownError', data: { message } } }));
  const end = { ...OK, exitCode: 1 };
  expect(judge(observe(NOTHING_OBSERVED, event), end)).toMatchObject({ class: 'agent_unavailable', retryable: false });
});
