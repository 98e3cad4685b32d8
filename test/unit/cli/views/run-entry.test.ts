import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { renderRunEntry } from '../../../../src/cli/views/run-entry.ts';
import { verdictText } from '../../../../src/cli/views/verdict.ts';
import { parseRunLogLine } from '../../../../src/domain/runs/run-log-lines.ts';
import { verdictWith } from '../../support/runs.ts';

const ESC = '\u001B';
const AT = '2026-03-29T18:16:10.123+02:00';

/** A line of a run's log as a person sees it. */
function rendered(value: object, colour = false): string | undefined {
  return renderRunEntry(parseRunLogLine(JSON.stringify(value)), { colour });
}

const record = (body: object): string | undefined => rendered({ type: 'kugetsu', at: AT, ...body });
const event = (type: string, body: object): string | undefined =>
  rendered({ type, timestamp: Date.UTC(2026, 2, 29, 16, 16, 10), ...body });

const tool = (name: string, title: string, input: object): object => ({
  part: { tool: name, state: { status: 'completed', title, input } },
});

beforeEach(() => {
  vi.stubEnv('TZ', 'Europe/Berlin');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('an entry of a log', () => {
  test.each([
    [{ event: 'started', run: 'r', kind: 'start', subject: 'h/a/b#1', message: 'fix\nit' }, 'start h/a/b#1: fix it'],
    [
      {
        event: 'started',
        run: 'r',
        kind: 'pm',
        subject: 'q_1',
        message: 'do it',
        instructions: 'You are\nthe PM agent.',
      },
      'pm q_1: do it\n         told: You are the PM agent.',
    ],
    [{ event: 'step', name: 'fork', note: 'ready', ms: 1200 }, 'fork: ready (1.2s)'],
    [{ event: 'at_work', session: 'ses_1', directory: '/w', pid: 1 }, 'at work: session ses_1 in /w'],
    [{ event: 'stderr', text: 'careful' }, 'careful'],
    [{ event: 'output', text: 'no json' }, 'no json'],
    [{ event: 'warning', text: 'slow' }, 'note: slow'],
    [{ event: 'ended', verdict: verdictWith() }, verdictText(verdictWith())],
  ])('of kugetsu has its own time of day: %j', (body, text) => {
    expect(record(body)).toBe(`18:16:10 ${text}`);
  });

  test.each([
    ['text', { part: { text: ' all good\n' } }, 'all good'],
    ['reasoning', { part: { text: 'hm\nwell' } }, 'thinking: hm well'],
    ['tool_use', { part: { tool: 'bash', state: { status: 'completed', input: { command: 'ls' } } } }, 'bash: ls'],
    ['tool_use', { part: { tool: 'bash', state: { status: 'error', error: 'denied' } } }, 'bash failed: denied'],
    [
      'tool_use',
      {
        part: {
          tool: 'bash',
          state: {
            status: 'completed',
            input: { command: 'npm test' },
            output: 'one\n\ntwo\nthree\nfour\nfive\nsix\n',
            metadata: { exit: 2 },
          },
        },
      },
      ['bash failed (exit code 2): npm test', '  two', '  three', '  four', '  five', '  six'].join(
        `\n${' '.repeat(9)}`,
      ),
    ],
    [
      'tool_use',
      tool('edit', 'src/a.ts', { oldString: 'same\nold\nend\n', newString: 'same\nnew\nnewer\nend\n' }),
      'edit: src/a.ts (+2 −1)',
    ],
    ['tool_use', tool('edit', 'src/a.ts', { oldString: '', newString: 'a\n' }), 'edit: src/a.ts (+1 −0)'],
    ['tool_use', tool('write', 'src/a.ts', { content: 'a\nb\n' }), 'write: src/a.ts (2 lines)'],
    [
      'tool_use',
      tool('patch', 'a', { patchText: '*** Update File: a\n--- a\n+++ a\n@@\n-old\n+new\n+newer' }),
      'patch: a (+2 −1)',
    ],
    [
      'tool_use',
      tool('todowrite', '3 todos', {
        todos: [
          { content: 'read it', status: 'completed' },
          { content: 'fix it', status: 'in_progress' },
          { content: 'test it', status: 'pending' },
          { content: 'sell it', status: 'cancelled' },
        ],
      }),
      ['todo:', '  [x] read it', '  [>] fix it', '  [ ] test it', '  [-] sell it'].join(`\n${' '.repeat(9)}`),
    ],
    ['tool_use', tool('todowrite', '3 todos', { todos: 'many' }), 'todowrite: 3 todos'],
    ['error', { error: { name: 'APIError', data: { message: 'slow down' } } }, 'error: slow down'],
    ['session_compacted', {}, '(session_compacted)'],
  ])('of the agent has the time of its event: %s %j', (type, body, text) => {
    expect(event(type, body)).toBe(`18:16:10 ${text}`);
  });

  test.each(['step_start', 'step_finish'])('that only a program wants is not shown: %s', (type) => {
    expect(event(type, { part: { reason: 'stop' } })).toBeUndefined();
  });

  test('without a time is shown without one', () => {
    expect(rendered({ type: 'text', part: { text: 'hi' } })).toBe('--:--:-- hi');
  });

  test('of several lines has them below each other', () => {
    expect(event('text', { part: { text: 'one\ntwo' } })).toBe(`18:16:10 one\n${' '.repeat(8)} two`);
  });

  test('has a dim time where colours are shown, and the same text', () => {
    const value = { type: 'text', part: { text: 'hi' } };
    expect(rendered(value, true)).toBe(`${ESC}[2m--:--:--${ESC}[22m hi`);
  });
});

test('what failed is red where colours are shown', () => {
  const state = { status: 'completed', input: { command: 'false' }, output: '', metadata: { exit: 1 } };
  expect(rendered({ type: 'tool_use', part: { tool: 'bash', state } }, true)).toContain(
    `${ESC}[31mbash failed (exit code 1): false${ESC}[39m`,
  );
});

test('no control character of an agent reaches the terminal', () => {
  const hostile = fc
    .array(fc.constantFrom(`${ESC}[2J`, `${ESC}]0;t\u0007`, '\u009B1m', '\u0007', '\r', '\b', '\u202E', 'a', '\n', ESC))
    .map((pieces) => pieces.join(''));
  const entries = hostile.map((text) => [
    event('text', { part: { text } }),
    event('reasoning', { part: { text } }),
    event('tool_use', { part: { tool: 'bash', state: { status: 'error', error: text } } }),
    event('tool_use', { part: { tool: 'bash', state: { status: 'completed', input: { command: text } } } }),
    event('tool_use', { part: { tool: text, state: { status: 'completed', output: text, metadata: { exit: 1 } } } }),
    event('tool_use', tool('todowrite', text, { todos: [{ content: text, status: text }] })),
    event('error', { error: { name: text, data: { message: text } } }),
    event(`x${text}`, {}),
    record({ event: 'stderr', text }),
    record({ event: 'output', text }),
    record({ event: 'started', run: 'r', kind: 'start', subject: 's', message: text }),
  ]);
  fc.assert(
    fc.property(entries, (texts) => {
      // oxlint-disable-next-line no-control-regex
      expect(texts.join('\n')).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202E]/);
    }),
  );
});

test('a stack trace is shown to who asks for it only, and the rest to everybody', () => {
  const text = 'TypeError: no such thing\n    at run (/src/a.ts:1:2)\n    at async /src/b.ts:3:4';
  const crash = parseRunLogLine(JSON.stringify({ type: 'kugetsu', at: AT, event: 'stderr', text }));
  expect(renderRunEntry(crash, { colour: false })).toBe('18:16:10 TypeError: no such thing');
  expect(renderRunEntry(crash, { colour: false, stacks: true })).toContain('at run (/src/a.ts:1:2)');
  const frame = parseRunLogLine(
    JSON.stringify({ type: 'kugetsu', at: AT, event: 'stderr', text: '    at run (/src/a.ts:1:2)' }),
  );
  expect(renderRunEntry(frame, { colour: false })).toBeUndefined();
  // What a set-up or a check printed is shown as it is.
  expect(record({ event: 'output', text })).toContain('at run (/src/a.ts:1:2)');
});
