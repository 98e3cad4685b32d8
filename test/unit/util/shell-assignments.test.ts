import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAssignments, quoteAssignmentValue } from '../../../src/util/shell-assignments.ts';

const HOME = '/home/some one';
const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/);
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from(`'"\\$\`#~;&|<>(){}*?[]!= \t\r\n`), '$HOME', '$(x)'),
    fc.integer({ min: 1, max: 0xffff }).map((code) => String.fromCharCode(code)),
  ),
});

const values = (source: string): [string, string][] =>
  parseAssignments(source, HOME).map((assignment) => [assignment.key, assignment.value]);
const valueOf = (text: string): string | undefined => values(`K=${text}`)[0]?.[1];

describe('a quoted value', () => {
  test('reads back as any text that it was made of', () => {
    fc.assert(
      fc.property(key, anyText, (name, value) => {
        expect(values(`${name}=${quoteAssignmentValue(value)}\n`)).toEqual([[name, value]]);
      }),
    );
  });

  test('stays a plain word when it is one', () => {
    expect(quoteAssignmentValue('https://git.example.com:3000/a')).toBe('https://git.example.com:3000/a');
  });
});

test('the offsets of an assignment enclose exactly that assignment', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, anyText), { minLength: 1, maxLength: 5 }), (pairs) => {
      const lines = pairs.map(([name, value]) => `${name}=${quoteAssignmentValue(value)}`);
      const source = lines.map((line) => `# before\n  ${line} # after\n`).join('\n');
      const found = parseAssignments(source, HOME);
      expect(found.map(({ start, end }) => source.slice(start, end))).toEqual(lines);
    }),
  );
});

describe('values', () => {
  test.each([
    ['', ''],
    ['plain', 'plain'],
    ['"two words"', 'two words'],
    [`'it'\\''s'`, `it's`],
    [`a'b c'"d e"f`, 'ab cd ef'],
    [`'$(touch /tmp/x) \`id\` ; & | $OTHER'`, '$(touch /tmp/x) `id` ; & | $OTHER'],
    ['"a;b&c|d<e>(f)"', 'a;b&c|d<e>(f)'],
    ['"\\$HOME \\" \\\\ \\n"', '$HOME " \\ \\n'],
    ['\\$OTHER\\ x', '$OTHER x'],
    ['one\\\ntwo', 'onetwo'],
    ['"one\\\ntwo"', 'onetwo'],
    ['"one\ntwo"', 'one\ntwo'],
    ['a#b', 'a#b'],
    ['a # comment', 'a'],
    [' # comment', ''],
    ['~', HOME],
    ['~/x', `${HOME}/x`],
    ['"~/x"', '~/x'],
    ['a~/x', 'a~/x'],
    ['$HOME/x', `${HOME}/x`],
    ['"${HOME}x"', `${HOME}x`],
    ["'$HOME'", '$HOME'],
  ])('K=%j is %j', (text, value) => {
    expect(valueOf(text)).toBe(value);
  });
});
