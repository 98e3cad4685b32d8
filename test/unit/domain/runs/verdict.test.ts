import { describe, expect, test } from 'vitest';
import type { AgentEvent } from '../../../../src/adapters/engine/agent-event.ts';
import { hasNamed, NOTHING_OBSERVED, observe, observeRemark } from '../../../../src/domain/runs/observation.ts';
import { judge, type EndReason } from '../../../../src/domain/runs/verdict.ts';
import {
  finish,
  heardEvent,
  heardLine,
  modelError,
  unknownError,
  verdictOn,
  type Seen,
} from '../../support/observed.ts';

const failed = { exitCode: 1 };

describe('a run', () => {
  test.each<[string, Seen, string, boolean]>([
    ['the model refuses the key (401)', { events: [modelError(401, false)], end: failed }, 'no_credentials', false],
    ['the model forbids it (403)', { events: [modelError(403, false)], end: failed }, 'no_credentials', false],
    ['the model is not there (404)', { events: [modelError(404, false)], end: failed }, 'unknown_model', false],
    ['the model refuses the request (400)', { events: [modelError(400, false)], end: failed }, 'model_rejected', false],
    ['the rate limit is reached (429)', { events: [modelError(429, true)], end: failed }, 'rate_limited', true],
    ['the server fails (500)', { events: [modelError(500, true)], end: failed }, 'model_unavailable', true],
    ['the server is overloaded (529)', { events: [modelError(529, true)], end: failed }, 'model_unavailable', true],
    ['the connection is refused', { events: [modelError(undefined, true)], end: failed }, 'model_failed', true],
    ['the stream is garbage', { events: [unknownError('JSON parsing failed')], end: failed }, 'model_failed', true],
    ['opencode says it is of no use', { events: [modelError(undefined, false)], end: failed }, 'model_failed', false],
    [
      'the content filter steps in',
      { events: [unknownError('content-filter')], end: failed },
      'content_filtered',
      false,
    ],
    ['the answer is cut at its length', { events: [finish('length')] }, 'truncated', false],
    ['it ends between two steps', { events: [finish('tool-calls')] }, 'unfinished', true],
    ['nothing is said at all', {}, 'no_result', true],
    [
      'a permission is rejected',
      { events: [finish('tool-calls')], stderr: ['! permission requested: bash (x); auto-rejecting'] },
      'permission_rejected',
      false,
    ],
    [
      'a permission is rejected and the model gives up politely',
      { events: [finish('stop')], stderr: ['! permission requested: bash (x); auto-rejecting'] },
      'permission_rejected',
      false,
    ],
    ['the session is unknown', { stderr: ['Error: Session not found'], end: failed }, 'session_missing', false],
    [
      'the model is unknown',
      { events: [unknownError('Unexpected')], stderr: ['ERROR ProviderModelNotFoundError x/y'], end: failed },
      'unknown_model',
      false,
    ],
    [
      'the configuration is broken',
      { stderr: ['ConfigJsonError: opencode.json'], end: failed },
      'bad_opencode_config',
      false,
    ],
    ['the disk is full', { stderr: ['ENOSPC: no space left on device'], end: failed }, 'disk_full', false],
    ['the home is read-only', { stderr: ['EROFS: read-only file system, open'], end: failed }, 'read_only', false],
    ['the database is locked', { stderr: ['SQLiteError: database is locked'], end: failed }, 'database_locked', true],
    ['opencode ends with another code', { stderr: ['what is this'], end: { exitCode: 7 } }, 'opencode_failed', true],
    [
      'a signal ends the agent',
      { events: [finish('stop')], end: { exitCode: undefined, signal: 'SIGKILL' } },
      'agent_killed',
      true,
    ],
    ['an error comes before a good end', { events: [modelError(401), finish('stop')] }, 'no_credentials', false],
  ])('fails when %s', (_what, seen, name, retryable) => {
    expect(verdictOn(seen)).toMatchObject({ outcome: 'failed', class: name, retryable });
  });

  test('succeeds when its last step stopped and opencode ended with 0', () => {
    expect(verdictOn({ events: [finish('tool-calls'), finish('stop')] })).toMatchObject({
      outcome: 'succeeded',
      class: 'ok',
      exit_code: 0,
      signal: null,
    });
  });

  test('succeeds although standard error has warnings, also of a lock that was waited for', () => {
    const stderr = ['WARN agent "x" not found, using the default', 'WARN database is locked, trying again'];
    expect(verdictOn({ events: [finish('stop')], stderr }).outcome).toBe('succeeded');
  });

  test('says what standard error said last when nothing else explains the end', () => {
    expect(verdictOn({ stderr: ['first', 'the\tlast \u001B[31mword', ' '], end: { exitCode: 7 } }).message).toContain(
      'exit code 7: the last word',
    );
  });

  test('tells the cause that only the log has of an error without a name', () => {
    const seen = { events: [unknownError('Unexpected server error')], stderr: ['ENOENT: chdir /gone'], end: failed };
    expect(verdictOn(seen).message).toContain('ENOENT: chdir /gone');
  });
});

describe('a run on a full disk', () => {
  test.each([
    [{ events: [], end: { exitCode: 1, diskFull: true } }, 'disk_full'],
    [{ events: [], end: { exitCode: 0, diskFull: true } }, 'disk_full'],
    [{ events: [finish('stop')], end: { exitCode: 0, diskFull: true } }, 'ok'],
    [{ events: [modelError(401)], end: { exitCode: 1, diskFull: true } }, 'no_credentials'],
  ])('has failed for it when nothing else explains the end: %#', (seen, name) => {
    expect(verdictOn(seen).class).toBe(name);
  });
});

describe('the main checkout', () => {
  const tool = (command: string, status = 'completed'): AgentEvent => ({
    type: 'tool_use',
    tool: 'bash',
    status,
    summary: '',
    input: JSON.stringify({ command }),
  });

  test.each([
    ['echo x > /home/me/project/file', true],
    ["git -C '/home/me/project' commit", true],
    ['cd /home/me/project', true],
    ['cd /home/me/project-2', false],
    ['cd /home/me/project.old && cat /home/me/project/x', true],
    ['cd /home/me', false],
  ])('is named by %s: %s', (command, named) => {
    expect(hasNamed(tool(command), '/home/me/project')).toBe(named);
  });

  test('is not named by what was denied, or is no tool', () => {
    expect(hasNamed(tool('cd /home/me/project', 'error'), '/home/me/project')).toBe(false);
    expect(hasNamed({ type: 'text', text: '/home/me/project' }, '/home/me/project')).toBe(false);
  });
});

describe('a run that was ended', () => {
  test('on request is stopped, not failed', () => {
    const seen = {
      events: [modelError(500)],
      end: { exitCode: undefined, signal: 'SIGTERM', endedFor: 'stopped' },
    } as const;
    expect(verdictOn(seen)).toMatchObject({
      outcome: 'stopped',
      class: 'stopped',
      retryable: false,
      signal: 'SIGTERM',
    });
  });

  test.each<[EndReason, boolean]>([
    ['startup_timeout', true],
    ['stall_timeout', true],
    ['total_timeout', false],
    ['unknown_finish', true],
    ['agent_unavailable', false],
  ])('by %s has failed for that reason', (endedFor, retryable) => {
    const end = { exitCode: undefined, signal: 'SIGTERM', endedFor };
    expect(verdictOn({ end })).toMatchObject({ outcome: 'failed', class: endedFor, retryable });
  });

  test('while opencode waited for the model says how the last call failed', () => {
    const line = 'level=ERROR message="stream error" mode=primary error.error="AI_APICallError: scripted 429"';
    const { message } = verdictOn({ stderr: [line], end: { endedFor: 'startup_timeout' } });
    expect(message).toMatch(/; the last model call failed: AI_APICallError: scripted 429$/);
  });

  test('while the model was silent says what standard error said last', () => {
    const seen = { stderr: ['stream error 429'], end: { endedFor: 'stall_timeout' } } as const;
    expect(verdictOn(seen).message).toContain('stream error 429');
  });
});

const STOP = heardEvent('{"type":"step_finish","part":{"reason":"stop","tokens":{},"cost":0}}');
const OK = { exitCode: 0, signal: undefined, endedFor: undefined };

test('a rejected permission decides, whatever else was said before it', () => {
  const lines = ['WARN database is locked', 'permission requested: bash; auto-rejecting'];
  const seen = observe(lines.map((line) => heardLine(line)).reduce(observeRemark, NOTHING_OBSERVED), STOP);
  expect(judge(seen, OK)).toMatchObject({ outcome: 'failed', class: 'permission_rejected' });
});

test('a complaint on the way to a good end is no failure', () => {
  const seen = observe(observeRemark(NOTHING_OBSERVED, heardLine('WARN database is locked')), STOP);
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
  const { reply } = judge(observe(observe(NOTHING_OBSERVED, event), STOP), OK);
  expect(reply).toMatch(/^x{1000,9999}$/);
});

test.each([
  '! agent "nosuch" not found. Falling back to default agent',
  '\u001B[93m\u001B[1m!\u001B[0m agent "general" is a subagent, not a primary agent. Falling back to default agent',
])('an agent that opencode replaces by another one is none, though all went well: %s', (line) => {
  const seen = observe(observeRemark(NOTHING_OBSERVED, heardLine(line)), STOP);
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

describe('what is told of the last call of the model', () => {
  const line = 'ERROR message="stream error" x=Zq7 error.error="status 429 for key Zq7-secret, wait" y=1';
  const toldOf = (clean: (text: string) => string): string =>
    judge(observeRemark(NOTHING_OBSERVED, heardLine(line, clean)), { ...OK, endedFor: 'stall_timeout' }).message;

  test.each([
    ['it itself', (text: string) => text, 'failed: status 429 for key Zq7-secret, wait'],
    [
      'it without the secret that is in it',
      (text: string) => text.replace('Zq7-secret', '[redacted]'),
      'failed: status 429 for key [redacted], wait',
    ],
    [
      'all of the line that is left when there are secrets around it, too',
      (text: string) => text.replaceAll('Zq7', '[redacted]'),
      'x=[redacted] error.error="status 429 for key [redacted]-secret, wait" y=1',
    ],
    ['what was put in place of all of it', () => '[redacted]', 'failed: [redacted]'],
  ])('is %s', (_what, clean, told) => {
    expect(toldOf(clean)).toContain(told);
    if (clean('Zq7') !== 'Zq7' || clean('Zq7-secret') !== 'Zq7-secret')
      expect(toldOf(clean)).not.toContain('Zq7-secret');
  });
});
