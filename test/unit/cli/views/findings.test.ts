import { describe, expect, test } from 'vitest';
import { countFindings, renderFindings } from '../../../../src/cli/views/findings.ts';
import { fine, note, wrong } from '../../../../src/domain/doctor/finding.ts';

const FINDINGS = [
  fine('git', 'git 2.39.5'),
  wrong('warning', 'locks', 'a lock\nwas left', 'kugetsu doctor --fix'),
  note('disk-used', '12 KB'),
  wrong('error', 'home', 'not initialised', 'kugetsu init'),
];

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

  test('have colours where they are wanted', () => {
    expect(renderFindings(FINDINGS, { ruled: true, colour: true })).toContain('\u001B[31merror');
  });

  test('are counted by level', () => {
    expect(countFindings(FINDINGS)).toBe('1 error, 1 warning, 1 note, 1 in order');
  });
});
