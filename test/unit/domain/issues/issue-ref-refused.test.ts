import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIssueRef, parseIssueRef } from '../../../../src/domain/issues/issue-ref.ts';
import { AppError } from '../../../../src/util/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('what is no ref is a usage error that shows the form:', () => {
  test.each([
    '',
    '#14',
    'github.com',
    'kugetsu#14',
    'shoko/kugetsu#14',
    'github.com/shoko/kugetsu',
    'github.com/shoko/kugetsu#',
    'github.com/shoko/#14',
    'github.com//kugetsu#14',
    '/shoko/kugetsu#14',
    'github.com/shoko/kugetsu/#14',
    'github.com/group/shoko/kugetsu#14',
    'https://github.com/shoko/kugetsu#14',
    'github.com/shoko/kugetsu#14#15',
    'github.com/shoko/kugetsu#14/15',
    '../shoko/kugetsu#14',
    'github.com/../kugetsu#14',
    'github.com/shoko/..#14',
    'github.com/./kugetsu#14',
    'github.com/shoko/.#14',
    '-u/shoko/kugetsu#14',
    'github.com/-shoko/kugetsu#14',
    'github.com/shoko/--upload-pack=x#14',
    'github.com/sho ko/kugetsu#14',
    ' github.com/shoko/kugetsu#14',
    'github.com/shoko/kugetsu #14',
    'github.com/shoko/kugetsu;id#14',
    'github.com/shoko/kugetsu#14;id',
    'github.com/shoko/$(id)#14',
    'github.com:22/shoko/kugetsu#14',
    'git@github.com/shoko/kugetsu#14',
    'github.com/shökö/kugetsu#14',
    'github.com/shoko/kug\u0000etsu#14',
    'github.com/shoko/kug\u001B[2Jetsu#14',
    'github.com/shoko/kugetsu#14\n',
    'github.com/shoko\n/kugetsu#14',
    'github.com/shoko/kugetsu#-discuss\n',
    'github.com/shoko/kugetsu#014',
    'github.com/shoko/kugetsu#00',
    'github.com/shoko/kugetsu#+1',
    'github.com/shoko/kugetsu#1.5',
    'github.com/shoko/kugetsu#1000000000000000000',
    'github.com/shoko/kugetsu#discuss',
    'github.com/shoko/kugetsu#-',
    'github.com/shoko/kugetsu#-a..b',
    'github.com/shoko/kugetsu#-a.',
    'github.com/shoko/kugetsu#-x.lock',
    'github.com/shoko/kugetsu#-x.LOCK',
    'github.com/shoko/kugetsu#-a b',
    'github.com/shoko/kugetsu#-a@{1}',
    `github.com/shoko/${'k'.repeat(200)}#14`,
  ])('%j', (text) => {
    const error = thrownBy(() => parseIssueRef(text));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ exit: 2, hint: expect.stringContaining('instance/owner/repo#identifier') });
  });

  test.each([
    ['github.com/shoko/kugetsu#14\u200B', 'U+200B'],
    ['github.com/shoko/kugetsu#14\u001B[2J', 'U+001B'],
    ['github.com/shoko/kug\u00A0etsu#14', 'U+00A0'],
  ])('%j has something that nobody sees, and the error names it', (text, name) => {
    expect(thrownBy(() => parseIssueRef(text))).toMatchObject({
      message: expect.stringContaining(`invisible ${name}`),
    });
  });

  test('any text is read as a ref that reads back, or refused in one printable line', () => {
    const nearly = fc.string({ unit: fc.constantFrom('a', '/', '#', '1', '0', '-', '.', 'A', '\n', ' ', '\u001B') });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          nearly,
          nearly.map((text) => `a/b/c#${text}`),
        ),
        (text) => {
          const error = thrownBy(() => {
            expect(formatIssueRef(parseIssueRef(text)).toLowerCase()).toBe(text.toLowerCase());
          });
          if (error === undefined) return;
          expect(error).toMatchObject({ name: 'AppError', exit: 2 });
          // oxlint-disable-next-line no-control-regex
          expect(error).toMatchObject({ message: expect.not.stringMatching(/[\u0000-\u001F\u007F]/) });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('the message of an endless text stays short', () => {
    const error = thrownBy(() => parseIssueRef('x'.repeat(100_000)));
    expect(error).toMatchObject({ name: 'AppError', exit: 2 });
    expect(String(error)).toMatch(/xxx/);
    expect(String(error).length).toBeLessThan(400);
  });
});
