import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { countFindings, renderFindings } from '../../../../src/cli/views/findings.ts';
import { fine, note, wrong } from '../../../../src/domain/doctor/finding.ts';
import { terminalText } from '../../../../src/util/text.ts';

const FINDINGS = [
  fine('git', 'git 2.39.5'),
  wrong('warning', 'locks', 'a lock\nwas left', 'kugetsu doctor --fix'),
  note('disk-used', '12 KB'),
  wrong('error', 'home', 'not initialised', 'kugetsu init'),
];

// oxlint-disable-next-line no-control-regex
const CODE = /\u001B\[(\d+)m\S/;

describe('findings', () => {
  test('are tab-separated for a program, the worst first, one line each', () => {
    expect(renderFindings(FINDINGS, { ruled: false, colour: false }).split('\n')).toEqual([
      'error\thome\tnot initialised\tkugetsu init',
      'warning\tlocks\ta lock was left\tkugetsu doctor --fix',
      'info\tdisk-used\t12 KB\t-',
      'ok\tgit\tgit 2.39.5\t-',
    ]);
  });

  test('are aligned for a person, each with the command that mends it below', () => {
    expect(renderFindings(FINDINGS, { ruled: true, colour: false }).split('\n')).toEqual([
      'error    home       not initialised',
      '                    kugetsu init',
      'warning  locks      a lock was left',
      '                    kugetsu doctor --fix',
      'info     disk-used  12 KB',
      'ok       git        git 2.39.5',
    ]);
  });

  test('have a colour for each level and for commands, and all of them reach a terminal', () => {
    const painted = renderFindings(FINDINGS, { ruled: true, colour: true });
    const codes = painted.split('\n').map((line) => CODE.exec(line)?.[1]);
    expect(codes).toEqual(['31', '36', '33', '36', '34', '32']);
    expect(terminalText(painted)).toBe(painted);
    // Without them the text is what it is without colour.
    expect(stripVTControlCharacters(painted)).toBe(renderFindings(FINDINGS, { ruled: true, colour: false }));
  });

  test('have no colours for a program', () => {
    const text = renderFindings(FINDINGS, { ruled: false, colour: false });
    expect(stripVTControlCharacters(text)).toBe(text);
  });

  test('are counted by level', () => {
    expect(countFindings(FINDINGS)).toBe('1 error, 1 warning, 1 note, 1 in order');
  });
});
