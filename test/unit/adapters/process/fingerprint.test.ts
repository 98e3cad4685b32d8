import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/adapters/process/heartbeat.ts';

// From the test vectors of the FNV reference code.
test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('the fingerprint of %j is %s', (text, expected) => {
  expect(fingerprint(text)).toBe(expected);
});

test('it is 16 hexadecimal digits, and another one for another text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, other) => {
      expect(fingerprint(one)).toMatch(/^[0-9a-f]{16}$/);
      fc.pre(one !== other);
      expect(fingerprint(one)).not.toBe(fingerprint(other));
    }),
  );
});
