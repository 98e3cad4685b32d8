import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withAssignment, withoutAssignment } from '../../../src/util/edit-assignments.ts';
import { scanAssignments } from '../../../src/util/shell-assignments.ts';

const HOME = '/home/k';
const set = (source: string, value: string, key = 'B'): string => withAssignment(source, { key, value }, HOME);

function read(source: string): { readonly values: [string, string][]; readonly brokenKeys: (string | undefined)[] } {
  const { assignments, broken } = scanAssignments(source, HOME);
  return {
    values: assignments.map(({ key, value }) => [key, value]),
    brokenKeys: broken.map(({ key }) => key),
  };
}

describe('setting a key', () => {
  test.each([
    [
      'in its place, with what is around it',
      '# one\nA=1\n  export B=2  # two\nC=3',
      '# one\nA=1\n  export B=9  # two\nC=3',
    ],
    ['where it counts when it is there twice', 'B=1\nA=1\nB=2\n', 'B=1\nA=1\nB=9\n'],
    ['over several lines', `B='1\n2' # x\nA=1\n`, 'B=9 # x\nA=1\n'],
    ['below the commented-out line, which stays', '# B=1\n\n# A=1\n', '# B=1\nB=9\n\n# A=1\n'],
    ['below the last commented-out line', '# B=1\n#export B=2\nA=1', '# B=1\n#export B=2\nB=9\nA=1'],
    ['at the end of a file without a last newline', 'A=1', 'A=1\nB=9\n'],
    ['in an empty file', '', 'B=9\n'],
    ['with the line ends of the file', '# B=1\r\nA=1\r\n', '# B=1\r\nB=9\r\nA=1\r\n'],
    ['not in a quoted text that looks like a comment', `A='\n# B=1\n'\n`, `A='\n# B=1\n'\nB=9\n`],
    ['in place of a line that is no assignment', 'A=1\nB=$(id) # x\nC=2\n', 'A=1\nB=9\nC=2\n'],
    ['and without earlier lines of it that are none', 'B = 3\nA=1\nB=2\n', 'A=1\nB=9\n'],
    ['in place of a quote that is never closed', 'B="3\nA=1\n', 'B=9\nA=1\n'],
  ])('writes it %s', (_where, source, expected) => {
    expect(set(source, '9')).toBe(expected);
  });

  test('does not run into a last value that goes on in the next line', () => {
    expect(set('A=1\\\n', '2')).toBe('A=1\\\n\nB=2\n');
  });

  test('leaves no other key changed, whatever the file holds and whatever the value is', () => {
    const line = fc.oneof(
      fc.constantFrom('# B=1', 'B=2', 'export B="3"', 'A=1', "C='x y' # c", '', '  # note', 'D=$(id)', "E='\n# B=1\n'"),
      fc.string().map((text) => `# ${text.replaceAll(/[\n\r]/g, ' ')}`),
    );
    const value = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), value, (lines, newline, wanted) => {
        const source = lines.join(newline);
        const before = read(source);
        const after = read(set(source, wanted));
        const others = ({ values }: typeof before): unknown[] => values.filter(([key]) => key !== 'B');
        expect(others(after)).toEqual(others(before));
        expect(after.values.findLast(([key]) => key === 'B')).toEqual(['B', wanted]);
        expect(after.brokenKeys).toEqual(before.brokenKeys);
      }),
    );
  });
});

describe('removing a key', () => {
  test('takes out every line of it, and nothing else', () => {
    const source = `# B=1\nB=1 # one\nA=1\n export B='2\n3'\nB=$(id)\n# end`;
    expect(withoutAssignment(source, 'B', HOME)).toBe('# B=1\nA=1\n# end');
  });

  test('that is not there changes nothing', () => {
    expect(withoutAssignment('# B=1\nA=1\n', 'B', HOME)).toBeUndefined();
  });

  test('undoes setting it in a file that did not have it', () => {
    const lines = fc.array(fc.constantFrom('# B=1', 'A=1', '', '# x', "C='\n'"));
    fc.assert(
      fc.property(lines, (list) => {
        const source = list.map((line) => `${line}\n`).join('');
        expect(withoutAssignment(set(source, 'x y'), 'B', HOME)).toBe(source);
      }),
    );
  });
});
