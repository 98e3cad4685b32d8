import { array, assert, pre, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { commandWords, CommandWordsError } from '../../../src/util/command-words.ts';
import { shellQuote } from '../../../src/util/text.ts';

test.each([
  ['notify-me', ['notify-me']],
  ['  a  b\tc ', ['a', 'b', 'c']],
  ['~/bin/tell --to "x y" \'$z\' a\\ b', ['/home/u/bin/tell', '--to', 'x y', '$z', 'a b']],
  ['sh -c \'echo "$X" | cat\'', ['sh', '-c', 'echo "$X" | cat']],
  ['a "" b', ['a', '', 'b']],
  ['x"y"\'z\'', ['xyz']],
  ['"a \\"b\\" \\$c"', ['a "b" $c']],
])('%s is split as a shell splits it', (text, expected) => {
  expect(commandWords(text, '/home/u')).toEqual(expected);
});

test.each(['', '   ', "a 'b", 'a "b', 'a\\', 'a | b', 'a $X', 'a "$X"', 'a; b', 'a > b', 'a `b`', 'a *'])(
  '%s is refused',
  (text) => {
    expect(() => commandWords(text, '/')).toThrow(CommandWordsError);
  },
);

test('quoted words come back as they were', () => {
  assert(
    property(array(string(), { minLength: 1 }), (words) => {
      pre(words.every((word) => !word.startsWith('~')));
      const line = words.map((word) => (word === '' ? "''" : shellQuote(word))).join(' ');
      expect(commandWords(line, '/home')).toEqual(words);
    }),
  );
});
