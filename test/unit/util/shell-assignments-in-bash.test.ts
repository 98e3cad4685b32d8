import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAssignments, quoteAssignmentValue } from '../../../src/util/shell-assignments.ts';

const HOME = '/home/some one';
const SCRIPT = 'set -a; . "$1"; shift; for name; do printf "%s\\0" "${!name}"; done';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'assignments-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** The values that bash itself gives to `names` after it has read `source`. */
function valuesInBash(source: string, names: readonly string[]): string[] {
  const file = join(directory, 'file');
  writeFileSync(file, source);
  const env = { HOME, LC_ALL: 'C.UTF-8', PATH: '/usr/bin:/bin' };
  const args = ['--norc', '--noprofile', '-c', SCRIPT, 'bash', file, ...names];
  const { stdout, stderr } = spawnSync('bash', args, { cwd: directory, env, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\0').slice(0, -1);
}

const joined = (piece: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
const singleQuoted = joined(fc.constantFrom('a', ' ', '"', '\\', '$(id)', '`', '\n', '#', ';', 'é', '~')).map(
  (text) => `'${text}'`,
);
const doubleQuoted = joined(
  fc.constantFrom('a', ' ', "'", '\\"', '\\\\', '\\$', '\\`', '\\n', '\\\n', '\n', '#', ';', '*', '${HOME}', '~/', 'é'),
).map((text) => `"${text}"`);
const escaped = fc.constantFrom('$', ' ', '"', "'", '\\', '#', 'n', '\n', ';', '`', '~', 'é').map((c) => `\\${c}`);
const bare = fc.constantFrom('a', 'B2', '/', '=', '.', '-', ',', '%', '+', '@', 'é', 'x#y', '${HOME}', '$HOME/');
const value = fc
  .tuple(fc.constantFrom('', '', '~/'), joined(fc.oneof(singleQuoted, doubleQuoted, escaped, bare)))
  .map(([start, rest]) => start + rest);
const line = fc.record({
  before: fc.constantFrom('', '  ', 'export ', '# $(id)\n', '\n'),
  value,
  after: fc.constantFrom('', ' ', ' # it`s', '\t#', '\n'),
});

test('every file in the parsed syntax gives what bash makes of it', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), fc.constantFrom('', '\n'), (lines, end) => {
      const texts = lines.map(({ before, value: text, after }, index) => `${before}V${index}=${text}${after}`);
      const source = texts.join('\n') + end;
      const parsed = parseAssignments(source, HOME);
      const names = lines.map((_, index) => `V${index}`);
      expect(parsed.map(({ key }) => key)).toEqual(names);
      expect(parsed.map((assignment) => assignment.value)).toEqual(valuesInBash(source, names));
    }),
    { numRuns: 40 },
  );
});

test('bash reads a quoted value as the value', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from(`a'"\\$\`#~;&|<>(){}*?[]!=: \t\r\né`)) });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (list) => {
      const source = list.map((each, index) => `V${index}=${quoteAssignmentValue(each)}\n`).join('');
      const names = list.map((_, index) => `V${index}`);
      expect(valuesInBash(source, names)).toEqual(list);
    }),
    { numRuns: 20 },
  );
});
