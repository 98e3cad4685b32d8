import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  nearest,
  oneLine,
  pasteQuote,
  plainText,
  plural,
  shellQuote,
  terminalText,
  withoutFrames,
} from '../../../src/util/text.ts';

const ESC = '\u001B';

/** Any characters, with those that a terminal acts on more often than chance would have them. */
const hostileText = fc.string({
  unit: fc.oneof(fc.constantFrom(ESC, '[', ']', 'm', '\u0007', '\u009B', '\r', '\n', '\t', '\u202E'), fc.string()),
});

describe('plainText', () => {
  test.each([
    ['a colour', `${ESC}[1;31mred${ESC}[0m`, 'red'],
    ['a cleared screen', `${ESC}[2J${ESC}[Hhere`, 'here'],
    ['a window title ended by a bell', `${ESC}]0;title\u0007text`, 'text'],
    ['a link ended by a string terminator', `${ESC}]8;;http://x${ESC}\\text`, 'text'],
    ['a reset', `${ESC}ctext`, 'ctext'],
    ['a right-to-left override', 'abc\u202Efdp', 'abcfdp'],
    ['a delete character', 'a\u007Fb', 'ab'],
  ])('takes out %s', (_what, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  test('keeps tabs and newlines, and makes every line end a newline', () => {
    expect(plainText('a\tb\r\nc\rd\n')).toBe('a\tb\nc\nd\n');
  });

  test('leaves no control character but tab and newline, whatever the text is', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(plainText(text)).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/);
      }),
    );
  });
});

describe('oneLine', () => {
  test('joins lines with single spaces and trims', () => {
    expect(oneLine('  one\n\n two\tthree ')).toBe('one two three');
  });

  test('cuts what is longer than the limit and marks the cut', () => {
    expect(oneLine('abcdef', 6)).toBe('abcdef');
    expect(oneLine('abcdefg', 6)).toBe('abcde…');
  });

  test('what is one line already stays as it is, and nothing else is taken for one', () => {
    const nearly = fc.string({ unit: fc.constantFrom(' ', 'a', '~', '\n', '\t', '\u00A0', '\u007F', 'é', ESC) });
    fc.assert(
      fc.property(nearly, fc.integer({ min: 1, max: 12 }), (text, limit) => {
        const line = plainText(text).replace(/\s+/g, ' ').trim();
        expect(oneLine(text, limit)).toBe(line.length <= limit ? line : `${line.slice(0, limit - 1)}…`);
      }),
    );
  });

  test('is never longer than the limit nor more than a line', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 30 }), (text, limit) => {
        const line = oneLine(text, limit);
        expect(line.length).toBeLessThanOrEqual(limit);
        expect(line).not.toMatch(/[\n\t\r]/);
      }),
    );
  });
});

test('a noun is singular for one and plural for anything else', () => {
  expect([0, 1, 2].map((count) => plural(count, 'file'))).toEqual(['0 files', '1 file', '2 files']);
});

describe('shellQuote', () => {
  test('leaves plain words alone', () => {
    expect(shellQuote('github.com/a/b@c:1=2')).toBe('github.com/a/b@c:1=2');
  });

  const shellReads = (quote: (word: string) => string, list: readonly string[]): string => {
    const script = `printf '%s\\0' ${['-', ...list].map(quote).join(' ')}`;
    const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(stdout.split('\0').slice(1, -1)).toEqual(list);
    return script;
  };

  test('quotes words so that a shell reads them as they were', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom(...Array.from(`a'"$\`\\ \n;&|<>*?~#!(){}é`)) }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(words, (list) => void shellReads(shellQuote, list)),
      { numRuns: 25 },
    );
  });

  test('quotes words of a printed command so that nothing has to be taken out of it', () => {
    const units = Array.from(`a'"$\`\\ \n\t\r\u0001\u001B\u007F\u0085\u202E\u00A0;&|<>*?~#!(){}%1-é`);
    const words = fc.array(
      fc.string({ unit: fc.constantFrom(...units) }).map((word) => `${word}.`),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(words, (list) => {
        const script = shellReads(pasteQuote, list);
        expect(oneLine(script, Infinity)).toBe(script);
      }),
      { numRuns: 25 },
    );
  });
});

describe('nearest', () => {
  const keys = ['MAX_CONCURRENT_AGENTS', 'KUGETSU_TEMP_DIR', 'KUGETSU_VERBOSITY'];

  test('finds what a misspelt word was meant to be, whatever its case', () => {
    expect(nearest('max_concurent_agent', keys)).toBe('MAX_CONCURRENT_AGENTS');
  });

  test('finds nothing for a word that resembles no candidate', () => {
    expect(nearest('EDITOR_COMMAND_LINE', keys)).toBeUndefined();
    expect(nearest('anything', [])).toBeUndefined();
  });
});

describe('what a terminal is given', () => {
  test('has the colours of the views, and no other control sequence whatever it is made of', () => {
    expect(terminalText('\u001B[2m12:00\u001B[22m \u001B[8mhid\u001B[35mden\u001B]0;title\u0007\u009B2J\r\nend')).toBe(
      '\u001B[2m12:00\u001B[22m hidden2J\nend',
    );
    const units = fc.constantFrom(
      '\u001B',
      '[',
      ']',
      '2',
      '22',
      '8',
      'm',
      'J',
      ';',
      '\u0007',
      '\u009B',
      '\r',
      'a',
      '\n',
    );
    fc.assert(
      fc.property(fc.string({ unit: units }), (text) => {
        // oxlint-disable-next-line no-control-regex
        const rest = terminalText(text).replaceAll(/\u001B\[(?:1|2|22|31|32|33|34|36|39|90)m/g, '');
        // oxlint-disable-next-line no-control-regex
        expect(rest).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/);
      }),
    );
  });
});

test('what an engine writes below an error is left out, whichever engine', () => {
  const { stack = '' } = new TypeError('no such thing');
  expect(stack.split('\n').length).toBeGreaterThan(2);
  expect(withoutFrames(stack)).toBe('TypeError: no such thing');
  const bun =
    'error: gone\n      at <anonymous> (/$bunfs/root/src/index.js:12:34)\n      at processTicksAndRejections (native)\nBun v1.3';
  expect(withoutFrames(bun)).toBe('error: gone\nBun v1.3');
});

test.each(['at work: session ses_1 in /a', '  at 14:30 the tests run', 'look at src/a.ts:3', 'at', '', 'at (a) noon'])(
  '%j is no such line',
  (line) => {
    expect(withoutFrames(line)).toBe(line);
  },
);
