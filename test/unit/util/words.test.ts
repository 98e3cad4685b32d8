import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppError, wordsOf } from '../../../src/util/errors.ts';
import { createRedactor } from '../../../src/util/redaction.ts';
import { joinWords, quoted, rawText, said, told, words } from '../../../src/util/words.ts';

const { text: clean } = createRedactor(['webshop']);

test("kugetsu's own words stay, and what others said in them is redacted", () => {
  const message = words`git fetch failed in ${'/srv/webshop'}: ${said('no webshop here')} (${3})`;
  expect(told(message, clean)).toBe('git fetch failed in /srv/webshop: no [redacted] here (3)');
  expect(rawText(message)).toBe('git fetch failed in /srv/webshop: no webshop here (3)');
});

test('a text without parts is all own', () => {
  expect(told('the webshop', clean)).toBe('the webshop');
});

test('what others said is redacted before it is cut to size, and is one line', () => {
  expect(told([said(`${'x'.repeat(15)} webshop`, 20)], clean)).toBe(`${'x'.repeat(15)} [re…`);
  expect(told([quoted('a\nwebshop "b"', 40)], clean)).toBe('"a [redacted] \\"b\\""');
});

test('messages in messages keep their parts', () => {
  const inner = words`no ${said('webshop')}`;
  const joined = joinWords([words`webshop: ${inner}`, 'webshop'], '; ');
  expect(told(joined, clean)).toBe('webshop: no [redacted]; webshop');
});

test('an error says what it was made of; of a system error the paths are own, and of a bug nobody knows', () => {
  const error = new AppError('usage', words`in webshop: ${said('webshop')}`);
  expect(error.message).toBe('in webshop: webshop');
  expect(told(wordsOf(error), clean)).toBe('in webshop: [redacted]');
  const system = Object.assign(new Error("ENOENT: no such file or directory, open '/webshop/x'"), { code: 'ENOENT' });
  expect(told(wordsOf(system), clean)).toBe("ENOENT: no such file or directory, open '/webshop/x'");
  expect(told(wordsOf(new TypeError('webshop is not iterable')), clean)).toBe('[redacted] is not iterable');
});

test('whatever others say, the words around it are whole, and the secret is gone', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (before, after, left, right) => {
      const shown = told([before, said(`${left}webshop${right}`, Infinity), after], clean);
      expect(shown.startsWith(before)).toBe(true);
      expect(shown.endsWith(after)).toBe(true);
      expect(shown.slice(before.length, shown.length - after.length)).not.toContain('webshop');
    }),
  );
});
