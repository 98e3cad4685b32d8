import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { countFindings, renderFinding, renderFindings, renderProblems } from '../../../../src/cli/views/findings.ts';
import { fine, note, wrong } from '../../../../src/domain/doctor/check.ts';
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
  test('are tab-separated for a program, the worst first, one line each', async () => {
    expect((await renderFindings(FINDINGS, { ruled: false, colour: false })).split('\n')).toEqual([
      'error\thome\tnot initialised\tkugetsu init',
      'warning\tlocks\ta lock was left\tkugetsu doctor --fix',
      'info\tdisk-used\t12 KB\t-',
      'ok\tgit\tgit 2.39.5\t-',
    ]);
  });

  test('are aligned for a person, each with the command that fixes it below', async () => {
    expect((await renderFindings(FINDINGS, { ruled: true, colour: false })).split('\n')).toEqual([
      'error    home       not initialised',
      '                    kugetsu init',
      'warning  locks      a lock was left',
      '                    kugetsu doctor --fix',
      'info     disk-used  12 KB',
      'ok       git        git 2.39.5',
    ]);
  });

  test('have a colour for each level and for commands, and all of them reach a terminal', async () => {
    const painted = await renderFindings(FINDINGS, { ruled: true, colour: true });
    const codes = painted.split('\n').map((line) => CODE.exec(line)?.[1]);
    expect(codes).toEqual(['31', '36', '33', '36', '34', '32']);
    expect(terminalText(painted)).toBe(painted);
    // Without them the text is what it is without colour.
    expect(stripVTControlCharacters(painted)).toBe(await renderFindings(FINDINGS, { ruled: true, colour: false }));
  });

  test('have no colours for a program', async () => {
    const text = await renderFindings(FINDINGS, { ruled: false, colour: false });
    expect(stripVTControlCharacters(text)).toBe(text);
  });

  test('that are shown as they are found end with the problems, the worst first', async () => {
    const style = { ruled: true, colour: false };
    expect(FINDINGS.map((finding) => renderFinding(finding, style))[0]).toBe('ok       git               git 2.39.5');
    expect((await renderProblems(FINDINGS, style)).split('\n')).toEqual([
      '',
      'error    home   not initialised',
      '                kugetsu init',
      'warning  locks  a lock was left',
      '                kugetsu doctor --fix',
    ]);
    expect(await renderProblems([fine('git', 'git 2.39.5')], style)).toBe('');
  });

  test('are broken between words where the terminal ends', () => {
    const long = wrong('error', 'model', `${'a long word '.repeat(12)}end`, 'kugetsu doctor');
    const lines = renderFinding(long, { ruled: true, colour: false, width: 60 }).split('\n');
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
    expect(lines.slice(1).every((line) => line.startsWith(' '.repeat(27)))).toBe(true);
  });

  test('are counted by level', () => {
    expect(countFindings(FINDINGS)).toBe('1 error, 1 warning, 1 note, 1 in order');
  });
});
