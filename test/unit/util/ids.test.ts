import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { base62, timeOfId, timeOrderedId } from '../../../src/util/ids.ts';

const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 });
const moments = fc.integer({ min: 0, max: Date.UTC(5000, 0) });

test('an id made later sorts later, whatever its random part is', () => {
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 1e9 }), bytes, bytes, (ms, later, a, b) => {
      expect(timeOrderedId('q_', ms, a) < timeOrderedId('q_', ms + later, b)).toBe(true);
    }),
  );
});

test('an id is its prefix, nine digits of time and one character for each byte, all in lower case', () => {
  fc.assert(
    fc.property(moments, bytes, (ms, random) => {
      expect(timeOrderedId('q_', ms, random)).toMatch(/^q_[0-9a-z]{9}[0-9a-z]{6}$/);
    }),
  );
});

test('ids of one moment differ when their random bytes do', () => {
  const ids = Array.from({ length: 36 }, (_, byte) => timeOrderedId('q_', 1, Uint8Array.of(byte)));
  expect(new Set(ids).size).toBe(36);
});

test('base 62 has a letter of its own for each of 62 bytes', () => {
  const letters = base62(Uint8Array.from({ length: 62 }, (_, byte) => byte));
  expect(letters).toMatch(/^[0-9A-Za-z]{62}$/);
  expect(new Set(letters).size).toBe(62);
});

test('an id tells when it was made', () => {
  fc.assert(
    fc.property(moments, bytes, (ms, random) => {
      expect(timeOfId(timeOrderedId('q_', ms, random), 'q_')).toBe(ms);
    }),
  );
});
