import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAtLeast } from '../../../src/util/versions.ts';

test.each([
  ['1.18.0', '1.18.0', true],
  ['1.18.33', '1.18.0', true],
  ['1.9.99', '1.18.0', false],
  ['1.17.99', '1.18.0', false],
  ['2.0.0', '1.18.0', true],
  ['0.99.99', '1.18.0', false],
  ['10.0.0', '9.9.9', true],
])('version %s is at least %s: %s', (version, minimum, answer) => {
  expect(isAtLeast(version, minimum)).toBe(answer);
});

test('of two different versions exactly one is at least the other', () => {
  const version = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map((parts) => parts.join('.'));
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(isAtLeast(a, b) && isAtLeast(b, a)).toBe(a === b);
      expect(isAtLeast(a, b) || isAtLeast(b, a)).toBe(true);
    }),
  );
});
