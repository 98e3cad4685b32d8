import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, SHAPES_ONLY } from '../../../src/util/redaction.ts';
import { REDACTED, redactShapes } from '../../../src/util/secret-shapes.ts';

// The mark cannot hide what is in the mark itself.
const secret = fc
  .string({ unit: fc.constantFrom(...Array.from(`abcXYZ019é😀 "'\\/$#\n\t`)), minLength: 6, maxLength: 40 })
  .filter((value) => value.trim().length >= 6 && value.trim() === value);
const around = fc.string({ unit: fc.constantFrom(...Array.from(`abcXYZ019é😀 "'\\/$#\n\t[]:@.-_`)), maxLength: 60 });
const FORMS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  encodeURIComponent,
  (text) => Buffer.from(text).toString('base64'),
];
const form = fc.constantFrom(...FORMS);

describe('a redactor', () => {
  test('leaves no secret in a text, in none of its forms', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.array(around),
        form,
        (secrets, texts, encode) => {
          const text = texts.map((each, index) => each + encode(secrets[index % secrets.length] ?? '')).join('|');
          const redacted = createRedactor(secrets).text(text);
          for (const each of secrets) expect(redacted).not.toContain(encode(each));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('finds a secret in base64 of a longer text', () => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const encoded = Buffer.from(`${before}${value}${after}`).toString('base64');
        const redacted = createRedactor([value]).text(encoded);
        expect(redacted).toContain(REDACTED);
        const decoded = redacted.split(REDACTED).map((part) => Buffer.from(part, 'base64').toString('latin1'));
        for (const part of decoded) expect(part).not.toContain(Buffer.from(value).toString('latin1'));
      }),
    );
  });

  test('does nothing more the second time', () => {
    const shape = fc.constantFrom(
      'ghp_abcdef123456',
      'https://a:b@c',
      'Authorization: Bearer x1234567',
      'TOKEN="abcdefgh"',
      'bearer ',
      '-----BEGIN PRIVATE KEY-----\nAA',
      'x-api-key: 0123456789',
      'eyJhbGciOiJI.eyJhbGciOiJI.x',
      '\u001B[1m',
    );
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 3 }), fc.array(fc.oneof(around, shape, secret)), (secrets, texts) => {
        const redactor = createRedactor(secrets);
        const once = redactor.text(texts.join(''));
        expect(redactor.text(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  test('leaves a text without secrets as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(redactShapes(text) === text);
        expect(createRedactor(['a secret of nobody']).text(text)).toBe(text);
      }),
    );
  });

  test('keeps JSON valid, and everything in it that is no secret', () => {
    fc.assert(
      fc.property(secret, fc.jsonValue(), around, (value, other, text) => {
        const json = JSON.stringify({ [`${text}${value}`]: [other, `${text}${value}${text}`], other });
        const redacted = createRedactor([value]).json(json);
        const parsed = JSON.parse(redacted) as Record<string, unknown>;
        expect(JSON.stringify(parsed)).not.toContain(JSON.stringify(value).slice(1, -1));
        fc.pre(
          !JSON.stringify(other).includes(value) && SHAPES_ONLY.json(JSON.stringify(other)) === JSON.stringify(other),
        );
        expect(parsed['other']).toEqual(other === null ? null : JSON.parse(JSON.stringify(other)));
      }),
    );
  });

  test('keeps numbers and spaces of JSON byte for byte', () => {
    const json = '{ "a" : 1.0e400, "a" : 12345678901234567890,\t"b":"ghp_abcdef123456" }';
    expect(SHAPES_ONLY.json(json)).toBe('{ "a" : 1.0e400, "a" : 12345678901234567890,\t"b":"[redacted]" }');
  });

  test('finds a secret that terminal escapes hide', () => {
    const { text } = createRedactor(['topsecret']);
    expect(text('it is top\u001B[1;31msec\u001B[0mret.')).toBe('it is [redacted].');
    expect(text('\u001B[1mbold\u001B[0m')).toBe('\u001B[1mbold\u001B[0m');
  });

  test('finds each long line of a secret of several, and takes short values for none', () => {
    const { text } = createRedactor(['first long line\nsecond long line\n}', 'true', '1', '']);
    expect(text('> second long line')).toBe(`> ${REDACTED}`);
    expect(text('true } 1')).toBe('true } 1');
  });

  test('joins secrets that overlap', () => {
    expect(createRedactor(['aaabbb', 'bbbccc', 'zzzzzz']).text('xaaabbbcccx zzzzzzzzz')).toBe(
      'x[redacted]x [redacted]',
    );
  });

  test('hides the whole of a secret that has another one inside', () => {
    expect(createRedactor(['abcdefghij', 'bcdefg']).text('<abcdefghij>')).toBe('<[redacted]>');
  });

  test.each([
    ['plain text', 'lorem ipsum '],
    ['marks without secrets', 'eyJ-'],
    ['one long word', 'eyJ'],
    ['beginnings of keys', '-----BEGIN PRIVATE KEY-----'],
    ['beginnings of URLs', '://a'],
    ['half headers', 'authorization: bearer '],
    ['quotes', '\\"'],
    ['sk', 'sk-a-'],
    ['one letter', 'x'],
  ])('takes time in proportion to the length: %s', (_name, unit) => {
    const { json } = createRedactor(Array.from({ length: 20 }, (_, index) => `secret number ${index}`));
    const line = JSON.stringify({ text: unit.repeat(2_000_000 / unit.length) });
    // A quadratic pattern would need hours for this.
    expect(json(line).length).toBeGreaterThan(0);
  });
});
