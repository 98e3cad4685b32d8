import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { logLine } from '../../../../src/cli/web/log-lines.ts';
import { parseRunLogLine } from '../../../../src/domain/runs/run-log-lines.ts';

const lineOf = (value: object): ReturnType<typeof logLine> => logLine(parseRunLogLine(JSON.stringify(value)));

test('what an agent does is told apart from what it says, and what failed from what went well', () => {
  const part = { type: 'tool', tool: 'bash' };
  const state = { status: 'completed', input: { command: 'make' }, output: '', metadata: { exit: 0 } };
  const tool = { type: 'tool_use', timestamp: 0, part: { ...part, state } };
  expect(lineOf(tool)).toMatchObject({ kind: 'tool', bad: false, text: 'bash: make' });
  const failed = { ...tool, part: { ...part, state: { ...state, metadata: { exit: 2 } } } };
  expect(lineOf(failed)).toMatchObject({ kind: 'tool', bad: true, text: expect.stringContaining('exit code 2') });
  expect(lineOf({ type: 'text', timestamp: 0, part: { type: 'text', text: 'Done.' } })).toMatchObject({
    kind: 'said',
    text: 'Done.',
  });
  const step = { type: 'kugetsu', at: '2026-01-02T03:04:05Z', event: 'warning', text: 'careful' };
  expect(lineOf(step)).toEqual({ at: '2026-01-02T03:04:05Z', kind: 'note', bad: false, text: 'note: careful' });
});

test('a step that has only been counted is no line', () => {
  expect(lineOf({ type: 'step_start', timestamp: 0, part: { type: 'step-start' } })).toBeUndefined();
});

test('no line of a log, however damaged, is too much', () => {
  assert(
    property(string({ unit: 'binary' }), (line) => {
      const shown = logLine(parseRunLogLine(line));
      // oxlint-disable-next-line no-control-regex
      expect(shown?.text ?? '').not.toMatch(/[\u0000-\u0008\u001B\u202E]/);
    }),
  );
  const long = lineOf({ type: 'text', timestamp: 1e300, part: { type: 'text', text: 'x'.repeat(100_000) } });
  expect(long?.text.length).toBe(20_001);
  expect(long?.at).toBeNull();
});
