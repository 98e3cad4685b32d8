import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderTable } from '../../../../src/cli/views/table.ts';

const COLUMNS = ['REF', 'STATE'];
const ROWS = [
  ['a/b/c#1', 'idle'],
  ['a/b/c#1234', 'working'],
];

describe('a table for a program', () => {
  test('is tab-separated rows without a header', () => {
    expect(renderTable({ columns: COLUMNS, rows: ROWS, ruled: false, colour: false })).toBe(
      'a/b/c#1\tidle\na/b/c#1234\tworking',
    );
  });

  test('is nothing at all when there are no rows', () => {
    expect(renderTable({ columns: COLUMNS, rows: [], ruled: false, colour: false })).toBe('');
  });

  test('has as many lines and fields as rows and cells, whatever is in the cells', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '\t', '\n', '\r', ' ', '\u001B', '[', '\u0007', '─') });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
        const text = renderTable({ columns: ['A', 'B', 'C'], rows, ruled: false, colour: false });
        const lines = text.split('\n');
        expect(lines.map((line) => line.split('\t').length)).toEqual(rows.map(() => 3));
        // oxlint-disable-next-line no-control-regex
        expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/);
      }),
    );
  });
});

describe('a table for a person', () => {
  const lines = renderTable({ columns: COLUMNS, rows: ROWS, ruled: true, colour: false }).split('\n');

  test('has its header and one rule above the rows', () => {
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^REF +STATE$/);
    expect(lines[1]).toMatch(/^─+$/);
    expect(lines[2]).toMatch(/^a\/b\/c#1 +idle$/);
    expect(lines[3]).toMatch(/^a\/b\/c#1234 +working$/);
  });

  test('has its columns below each other', () => {
    expect(new Set([lines[0]?.indexOf('STATE'), lines[2]?.indexOf('idle'), lines[3]?.indexOf('working')]).size).toBe(1);
  });

  test('keeps a row whose cells have line breaks and escapes in one line without them', () => {
    const rows = [['a\nb\u001B[2J', 'c\td']];
    const text = renderTable({ columns: COLUMNS, rows, ruled: true, colour: false });
    expect(text.split('\n')[2]).toMatch(/^a b +c d$/);
    expect(text).not.toContain('\u001B');
  });
});
