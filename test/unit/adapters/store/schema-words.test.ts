import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { whatIsWrong } from '../../../../src/adapters/store/schema-words.ts';

const Schema = z.looseObject({
  name: z.string(),
  count: z.int(),
  state: z.enum(['on', 'off']),
  list: z.optional(z.array(z.looseObject({ id: z.string() }))),
});
const SOUND = { name: 'a', count: 1, state: 'on' };

function words(value: unknown): string {
  return whatIsWrong(Schema.safeParse(value).error?.issues[0], value);
}

test.each([
  [{ ...SOUND, name: undefined }, 'has no name'],
  [{ ...SOUND, name: null }, 'has null as name, not text'],
  [{ ...SOUND, name: ['x'] }, 'has a list as name, not text'],
  [{ ...SOUND, count: 'three' }, 'has text as count, not a number'],
  [{ ...SOUND, state: 'half' }, 'has a state other than on or off'],
  [{ ...SOUND, list: {} }, 'has an object as list, not a list'],
  [{ ...SOUND, list: [{ id: 'x' }, {}] }, 'has no list[1].id'],
  [[], 'holds a list, not an object'],
  [null, 'holds null, not an object'],
  ['text', 'holds text, not an object'],
])('%j %s', (value, said) => {
  expect(words(value)).toBe(said);
});

test('a number that is no whole one is shown', () => {
  expect(words({ ...SOUND, count: 1.5 })).toMatch(/count/);
});

test('a value is not shown: it may be a secret', () => {
  expect(words({ ...SOUND, state: 'hunter2' })).toBe('has a state other than on or off');
});
