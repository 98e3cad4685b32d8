import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIssueRef } from '../../../../src/domain/issues/issue-ref.ts';
import { sanitisedName, uniqueName } from '../../../../src/domain/issues/sanitised-name.ts';

const part = fc.stringMatching(/^[a-z0-9._][a-z0-9._-]{0,8}$/).filter((text) => !/^\.{1,2}$/.test(text));
const ref = fc
  .tuple(part, part, part, fc.nat().map(String))
  .map(([instance, owner, repo, identifier]) => `${instance}/${owner}/${repo}#${identifier}`);

/** Names all `refs` one after the other, each beside those that were there before. */
function nameAll(refs: readonly string[]): string[] {
  const taken: string[] = [];
  for (const each of refs) taken.push(uniqueName(each, (name) => taken.includes(name)));
  return taken;
}

test('the slashes and the hash of a ref become dashes', () => {
  expect(sanitisedName('github.com/shoko/kugetsu#14')).toBe('github.com-shoko-kugetsu-14');
  expect(sanitisedName('github.com/shoko/kugetsu#-discuss')).toBe('github.com-shoko-kugetsu--discuss');
});

test('of two refs with one name the newcomer gets a suffix of its own', () => {
  const [first, second, third] = nameAll(['h/a/b-c#1', 'h/a-b/c#1', 'h-a/b/c#1']);
  expect(first).toBe('h-a-b-c-1');
  expect(second).toMatch(/^h-a-b-c-1-[0-9a-f]{8}$/);
  expect(third).toMatch(/^h-a-b-c-1-[0-9a-f]{8}$/);
  expect(third).not.toBe(second);
});

test('the suffix depends on the ref alone', () => {
  const [, once] = nameAll(['h/a/b-c#1', 'h/a-b/c#1']);
  expect(uniqueName('h/a-b/c#1', () => true)).toBe(once);
});

test('every name is one segment of a path', () => {
  fc.assert(
    fc.property(ref, fc.boolean(), (text, taken) => {
      expect(() => parseIssueRef(text)).not.toThrow();
      const name = uniqueName(text, () => taken);
      expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
      expect(['.', '..']).not.toContain(name);
      expect(name.startsWith('-')).toBe(false);
    }),
  );
});

test('different refs never share a name', () => {
  const colliding = fc.constantFrom('h/a/b-c#1', 'h/a-b/c#1', 'h-a/b/c#1', 'h/a/b#-c-1', 'h-a-b/c/d#1', 'h/a/b-c#11');
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(ref, colliding), { maxLength: 12 }), (refs) => {
      expect(new Set(nameAll(refs)).size).toBe(refs.length);
    }),
  );
});
