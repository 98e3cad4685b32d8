import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectName } from '../../../../src/adapters/git/object-name.ts';
import { AppError } from '../../../../src/util/errors.ts';
import { OUTPUTS } from '../../../support/corpus.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: length, maxLength: length });

test('the name of an object is what git printed, without its newline', () => {
  fc.assert(
    fc.property(fc.oneof(hex(40), hex(64)), (name) => {
      expect(objectName(`${name}\n`)).toBe(name);
    }),
  );
});

test('whatever else git prints is none', () => {
  const noName = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...OUTPUTS));
  fc.assert(
    fc.property(
      noName.filter((text) => !/^\s*[0-9a-f]{40}(?:[0-9a-f]{24})?\s*$/.test(text)),
      (text) => {
        const error = thrownBy(() => objectName(text));
        expect(error).toBeInstanceOf(AppError);
        expect((error as AppError).code).toBe('git_failed');
      },
    ),
  );
});
