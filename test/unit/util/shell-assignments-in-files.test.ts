import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssignmentSyntaxError, parseAssignments } from '../../../src/util/shell-assignments.ts';
import { thrownBy } from '../support/thrown-by.ts';

const HOME = '/home/some one';
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from(`'"\\$\`#~;&|<>(){}*?[]!= \t\r\n`), '$HOME', '$(x)'),
    fc.integer({ min: 1, max: 0xffff }).map((code) => String.fromCharCode(code)),
  ),
});

const values = (source: string): [string, string][] =>
  parseAssignments(source, HOME).map((assignment) => [assignment.key, assignment.value]);

describe('files', () => {
  test('may have comments, blank lines, indentation, export and no newline at the end', () => {
    expect(values('# a comment\n\n  \t\nA=1\n  export   B=2\n\t#x\nexport=3')).toEqual([
      ['A', '1'],
      ['B', '2'],
      ['export', '3'],
    ]);
  });

  test('may end their lines with carriage return and newline', () => {
    expect(values('# c\r\nA=1\r\n\r\nB="x y" # c\r\nC=\r\n')).toEqual([
      ['A', '1'],
      ['B', 'x y'],
      ['C', ''],
    ]);
  });

  test('have the line on which each assignment begins', () => {
    const lines = parseAssignments(`A='1\n2'\n# c\nB=3\n`, HOME).map(({ line }) => line);
    expect(lines).toEqual([1, 4]);
  });

  test.each([
    ['FOO=$(touch /tmp/x)', 1],
    ['A=1\nFOO=`touch /tmp/x`', 2],
    ['A=1\n\nFOO="a `id`"', 3],
    ['FOO="$(id)"', 1],
    ['FOO="a\nb $OTHER"', 2],
    ['FOO=$OTHER', 1],
    ['FOO=$HOMEWARD', 1],
    ['FOO=${HOME:-x}', 1],
    ["FOO=$'x'", 1],
    ['FOO=a;id', 1],
    ['FOO=a&', 1],
    ['FOO=a|id', 1],
    ['FOO=<(id)', 1],
    ['FOO=a>b', 1],
    ['FOO={a,b}', 1],
    ['FOO=*', 1],
    ['FOO=a id', 1],
    ['A=1\nid', 2],
    ['export FOO', 1],
    ['A=1\n=2', 2],
    ['1A=2', 1],
    ['FOO =1', 1],
    ['FOO+=1', 1],
    ["A=1\nFOO='a\n\n", 2],
    ['A=1\nFOO="a\n\n', 2],
    ['FOO="a\\', 1],
    ['FOO=a\\', 1],
  ])('are refused at the right line: %j', (source, line) => {
    const error = thrownBy(() => parseAssignments(source, HOME));
    expect(error).toBeInstanceOf(AssignmentSyntaxError);
    expect(error).toMatchObject({ line });
  });

  test('of any content are read or refused as a syntax error', () => {
    fc.assert(
      fc.property(anyText, (source) => {
        const error = thrownBy(() => parseAssignments(`K=${source}`, HOME));
        expect(error === undefined || error instanceof AssignmentSyntaxError).toBe(true);
      }),
    );
  });
});
