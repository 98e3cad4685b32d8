import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { closedJson } from '../../../src/util/json-strings.ts';

const letters = fc.string({ unit: fc.constantFrom(...Array.from('ab"\\\n\u0001é語😀{}[],:')), maxLength: 40 });

test('a text that is cut off inside of a value is closed, wherever that is', () => {
  fc.assert(
    fc.property(letters, letters, fc.jsonValue(), fc.nat({ max: 1000 }), (key, value, other, at) => {
      const before = `{"other":${JSON.stringify(other)},${JSON.stringify(key)}:[1,{"deep":`;
      const literal = JSON.stringify(value);
      const cut = before + literal.slice(0, 1 + (at % literal.length || 1) - 1 || 1);
      const closed = JSON.parse(closedJson(cut, '…note"') ?? 'null') as Record<string, unknown>;
      const deep = (key === 'other' ? closed['other'] : closed[key]) as [number, { deep: string }];
      expect(deep[1].deep.endsWith('…note"')).toBe(true);
      expect(value.startsWith(deep[1].deep.slice(0, -6))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each(['', '{', '{"a', '{"a":', '{"a":1', '[1,', '{"a":"b"', '{"a":"b","c'])(
  'nothing can be closed in %s',
  (text) => {
    expect(closedJson(text, '')).toBeUndefined();
  },
);

test('an escape that was cut in two goes, and an escaped backslash stays', () => {
  expect(closedJson(String.raw`{"a":"x\u00`, '!')).toBe('{"a":"x!"}');
  expect(closedJson(String.raw`{"a":"x\\u00`, '!')).toBe(String.raw`{"a":"x\\u00!"}`);
  expect(closedJson('{"a":"x\\', '!')).toBe('{"a":"x!"}');
  expect(closedJson('{"a":"x\\\\', '!')).toBe('{"a":"x\\\\!"}');
});
