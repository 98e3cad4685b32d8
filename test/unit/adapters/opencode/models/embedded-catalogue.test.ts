import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { literalToJson } from '../../../../../src/adapters/opencode/models/embedded-catalogue.ts';

test.each([
  '{a:{id:"a",b:!0,c:!1,d:.5,e:1e6,f:-3,g:[1,"2",{h:null}]}}',
  String.raw`{"302ai":{x:'say "no"',y:'it\'s',z:"a\nb\u00e9\u{1F600}\x41"}}`,
  '{a:`both " and \'`,$b_1:{1:[]}}',
])('a literal has the value in JSON that it has in JavaScript: %s', (literal) => {
  expect(JSON.parse(literalToJson(literal) ?? '')).toEqual(runInNewContext(`JSON.parse(JSON.stringify(${literal}))`));
});

test('whatever JSON there is, as a literal it has the same value', () => {
  // As a key of a literal that name is no key.
  const values = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
  fc.assert(
    fc.property(values, (value) => {
      const literal = JSON.stringify(value)
        .replaceAll(/\btrue\b/g, '!0')
        .replaceAll(/\bfalse\b/g, '!1');
      const expected: unknown = runInNewContext(`JSON.parse(JSON.stringify((${literal})))`);
      expect(JSON.parse(literalToJson(literal) ?? '')).toEqual(expected);
    }),
  );
});

test.each(['{a:b}', '{a:f()}', '{a:1+1}', '{a:`x${y}`}', '{a:void 0}', '{...a}', '{a:/x/}', 'process.exit(1)'])(
  'an expression with more in it than values is none: %s',
  (literal) => {
    const json = literalToJson(literal);
    expect(json === undefined || !isJson(json)).toBe(true);
  },
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
