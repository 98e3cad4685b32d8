import * as fc from 'fast-check';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { cellText, renderTable, type BriefColumn, type Listing } from '../../../../src/cli/views/table.ts';

type Row = readonly string[];

const PROGRAM = { ruled: false, colour: false };
const PERSON = { ruled: true, colour: false };

function listing(titles: readonly string[], rows: readonly Row[], brief?: readonly BriefColumn<Row>[]): Listing<Row> {
  const columns = titles.map((title, place) => ({ title, cell: (row: Row) => row[place] ?? '' }));
  return { rows, columns, empty: 'nothing yet; run: kugetsu init', ...(brief === undefined ? {} : { brief }) };
}

const TITLES = ['REF', 'STATE'];
const ROWS = [
  ['a/b/c#1', 'idle'],
  ['a/b/c#1234', 'working'],
];

describe('a table for a program', () => {
  test('is tab-separated rows without a header', async () => {
    expect(await renderTable(listing(TITLES, ROWS), PROGRAM)).toBe('a/b/c#1\tidle\na/b/c#1234\tworking');
  });

  test('is nothing at all when there are no rows', async () => {
    expect(await renderTable(listing(TITLES, []), PROGRAM)).toBe('');
  });

  test('has as many lines and fields as rows and cells, whatever is in the cells', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '\t', '\n', '\r', ' ', '\u001B', '[', '\u0007', '─') });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), async (rows) => {
        const text = await renderTable(listing(['A', 'B', 'C'], rows), PROGRAM);
        const lines = text.split('\n');
        expect(lines.map((line) => line.split('\t').length)).toEqual(rows.map(() => 3));
        // oxlint-disable-next-line no-control-regex
        expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/);
      }),
    );
  });
});

describe('each cell of a table for a program', () => {
  const letter = fc.constantFrom('a', 'a', 'a', ' ', '-', '#', '\t', '\n', '\u001B', 'é', '─');
  const cell = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('', '-', 'pending', 'a\ttab', 'two words', 'a/b/c#1', 'x'.repeat(600)) },
    fc.string({ unit: letter }),
  );

  test('is what it is by itself, whatever the others are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), async (rows) => {
        const text = await renderTable(listing(['A', 'B', 'C'], rows), PROGRAM);
        expect(text).toBe(rows.map((row) => row.map(cellText).join('\t')).join('\n'));
      }),
    );
  });
});

describe('a table for a person', () => {
  const drawn = async (): Promise<string[]> => (await renderTable(listing(TITLES, ROWS), PERSON)).split('\n');

  test('has its header and one rule above the rows', async () => {
    const lines = await drawn();
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^REF +STATE$/);
    expect(lines[1]).toMatch(/^─+$/);
    expect(lines[2]).toMatch(/^a\/b\/c#1 +idle$/);
    expect(lines[3]).toMatch(/^a\/b\/c#1234 +working$/);
  });

  test('has its columns below each other', async () => {
    const lines = await drawn();
    expect(new Set([lines[0]?.indexOf('STATE'), lines[2]?.indexOf('idle'), lines[3]?.indexOf('working')]).size).toBe(1);
  });

  test('keeps a row whose cells have line breaks and escapes in one line without them', async () => {
    const text = await renderTable(listing(TITLES, [['a\nb\u001B[2J', 'c\td']]), PERSON);
    expect(text.split('\n')[2]).toMatch(/^a b +c d$/);
    expect(text).not.toContain('\u001B');
  });

  test('says what to do next when there are no rows', async () => {
    expect(await renderTable(listing(TITLES, []), PERSON)).toBe('nothing yet; run: kugetsu init');
  });
});

/** How many columns of a terminal a line of these takes: letters one, 漢 and 🚀 two, an accent none. */
function columnsOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).reduce(
    (sum, character) => sum + (/[漢🚀]/u.test(character) ? 2 : /\u0301/.test(character) ? 0 : 1),
    0,
  );
}

const BRIEF: readonly BriefColumn<Row>[] = [
  { title: 'REF', cell: ([ref = '']) => ref, cut: 'middle', atLeast: 14 },
  { title: 'STATE', cell: ([, state = '']) => state, cut: 'end', colour: () => 'red' },
  { title: 'WORK', cell: ([, , work = '']) => work, cut: 'end' },
  { title: 'WHERE', cell: ([, , , where = '']) => where, optional: true },
];
const LONG_ROW = [
  'github.com/some-owner/some-repository#14',
  'failed (startup_timeout)',
  '12 commits ahead, pushed',
  '~/w/x',
];

describe('a table that has to fit', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '漢', '🚀', 'e\u0301', ' '), maxLength: 70 });

  test('never has a row that is wider than the terminal, whatever is in its cells', async () => {
    const rows = fc.array(fc.tuple(text, text, text, text), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 20, max: 140 }), fc.boolean(), async (cells, width, colour) => {
        const drawn = await renderTable(listing(['REF'], cells, BRIEF), { ruled: true, colour, width });
        for (const line of drawn.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('has every column whole where there is room, and leaves out the optional ones first', async () => {
    const at = async (width: number): Promise<string[]> =>
      (await renderTable(listing(['REF'], [LONG_ROW], BRIEF), { ...PERSON, width })).split('\n');
    expect((await at(120))[2]).toBe(LONG_ROW.join('  '));
    const narrower = await at(96);
    expect(narrower[0]).not.toContain('WHERE');
    expect(narrower[2]).toBe(LONG_ROW.slice(0, 3).join('  '));
    const narrow = await at(80);
    expect(narrow[0]).toMatch(/^REF +STATE +WORK$/);
    expect(narrow[2]).toMatch(/^github\.com\S*…\S*#14 {2}failed \(startup_timeout\) {2}12 commits ahead, pushed$/);
  });

  test('is a list of blocks where there is no room for columns', async () => {
    const drawn = await renderTable(listing(['REF'], [LONG_ROW, ['b/c#2', '-', '', 'x']], BRIEF), {
      ...PERSON,
      width: 40,
    });
    expect(drawn.split('\n')).toEqual([
      'github.com/some-own…some-repository#14'.length <= 40 ? LONG_ROW[0] : '',
      '  STATE  failed (startup_timeout)',
      '  WORK   12 commits ahead, pushed',
      'b/c#2',
    ]);
  });

  test('has what programs get, and then the rest, with --wide, however wide that is', async () => {
    const drawn = await renderTable(listing(['ID', 'STATE'], [LONG_ROW], BRIEF), { ...PERSON, width: 40, wide: true });
    expect(drawn.split('\n')[0]).toMatch(/^ID +STATE +REF +WORK +WHERE$/);
    expect(drawn).toContain(LONG_ROW[0]);
    expect(drawn).toContain(LONG_ROW[3]);
  });
});
