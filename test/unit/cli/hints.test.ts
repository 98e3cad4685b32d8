import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TABLE } from '../../../src/cli/table/all.ts';
import { meantInstead } from '../../../src/cli/usage-hint.ts';

const SOURCE = join(import.meta.dirname, '..', '..', '..', 'src');
const WORDS = [...new Set(TABLE.map(({ words }) => words.split(' ')[0] ?? ''))];
const COMMAND = new RegExp(`kugetsu (?:${WORDS.join('|')})\\b`);
const LITERAL = /'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"/g;

/** The text of each call that makes an error, from its opening parenthesis to the closing one. */
function errorsIn(source: string): string[] {
  return [...source.matchAll(/\b(?:new AppError|usageError)\(/g)].map(({ index, 0: { length } }) => {
    const rest = source.slice(index + length);
    // Parentheses within strings close nothing.
    const blank = rest.replace(LITERAL, (literal) => ' '.repeat(literal.length));
    let open = 1;
    const end = blank.split('').findIndex((character) => {
      open += character === '(' ? 1 : character === ')' ? -1 : 0;
      return open === 0;
    });
    return rest.slice(0, end);
  });
}

/** Whether a text that names a command says before it that it is one to run. */
function hasTheForm(text: string): boolean {
  const at = text.search(COMMAND);
  return at === -1 || text.slice(0, at).includes('run: ');
}

test('whatever an error says of a command, it says as `run: COMMAND`', () => {
  expect(hasTheForm("'see kugetsu list'")).toBe(false);
  expect(hasTheForm("'to see them, run: kugetsu list'")).toBe(true);
  expect(hasTheForm("'correct the file; kugetsu has not changed it'")).toBe(true);
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const errors = files.flatMap((name) =>
    errorsIn(readFileSync(join(SOURCE, name), 'utf8')).map((text) => ({ name, text })),
  );
  expect(errors.length).toBeGreaterThan(200);
  const said = errors.flatMap(({ name, text }) => (text.match(LITERAL) ?? []).map((literal) => `${name}: ${literal}`));
  expect(said.filter((literal) => !hasTheForm(literal))).toEqual([]);
});

test('no command that there is stands for another one', () => {
  expect(meantInstead('ps', [])).toBe('run: kugetsu list');
  expect(TABLE.filter(({ words }) => meantInstead(words, []) !== undefined)).toEqual([]);
});
