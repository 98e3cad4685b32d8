import { describe, expect, test } from 'vitest';
import { renderRunEntry } from '../../../../src/cli/views/run-entry.ts';
import { renderTable } from '../../../../src/cli/views/table.ts';
import { parseEvent } from '../../../../src/adapters/engine/event-lines.ts';
import { parseRunLogLine } from '../../../../src/domain/runs/run-log-lines.ts';
import { plainText } from '../../../../src/util/text.ts';

const style = { colour: false };

describe('output that means harm', () => {
  test('a timestamp that is no date does not break the log', () => {
    const entry = parseRunLogLine('{"type":"text","timestamp":1e20,"part":{"text":"x"}}');
    expect(renderRunEntry(entry, style)).toBe('--:--:-- x');
  });

  test.each([
    '{"type":"tool_use","timestamp":0,"part":{"tool":"\\u001b[2Jbash","state":{"status":"completed","input":{}}}}',
    '{"type":"kugetsu","at":"2026-01-01T00:00:00","event":"warning","text":"\\u001b]0;title\\u0007boo"}',
    '{"type":"kugetsu","at":"2026-01-01T00:00:00","event":"step","name":"\\u001b[31m","note":"\\u0007","ms":1}',
  ])('no control character of %s reaches the terminal', (line) => {
    const shown = renderRunEntry(parseRunLogLine(line), style);
    // oxlint-disable-next-line no-control-regex
    expect(shown).toMatch(/^\d\d:\d\d:\d\d [^\u0000-\u001F\u007F-\u009F]*$/);
  });

  test('an unfinished escape hides no more than its own line', () => {
    expect(plainText('ok\u001B]0;t\nthe rest')).toBe('ok\nthe rest');
  });

  test('a cell that looks like a rule stays in the table', async () => {
    const rows = [['1', 'x──y'], ['2', 'z']]; // oxfmt-ignore
    const columns = ['A', 'B'].map((title, place) => ({ title, cell: (row: readonly string[]) => row[place] ?? '' }));
    const text = await renderTable({ columns, rows, empty: '' }, { ruled: true, colour: false });
    expect(text).toContain('x──y');
    expect(text.split('\n')).toHaveLength(4);
  });

  test('an error event that is a plain text keeps it', () => {
    expect(parseEvent('{"type":"error","error":"boom"}')).toMatchObject({ type: 'error', message: 'boom' });
  });
});
