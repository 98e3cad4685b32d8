import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { configText, valueIn } from '../../../../src/adapters/git/config-forms.ts';

test('what was written is read again, whatever the value', () => {
  const value = fc.stringMatching(/^[^\n\0\r]*$/);
  fc.assert(
    fc.property(value, value, (url, source) => {
      const text = configText([
        ['remote.origin.url', url],
        ['remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'],
        ['kugetsu.source', source],
      ]);
      expect(valueIn(text, 'remote.origin', 'url')).toBe(url);
      expect(valueIn(text, 'kugetsu', 'source')).toBe(source);
    }),
  );
});

test('what git has written is read, as far as it can be', () => {
  const text =
    '[core]\n\tbare = true\n[remote "origin"]\n\turl = /srv/demo.git\n[kugetsu]\n\tsource = forge.test/acme/demo\n[core\n';
  expect(valueIn(text, 'core', 'bare')).toBe('true');
  expect(valueIn(text, 'remote.origin', 'url')).toBe('/srv/demo.git');
  expect(valueIn(text, 'kugetsu', 'source')).toBe('forge.test/acme/demo');
  expect(valueIn(text, 'core', 'worktree')).toBeUndefined();
});

test('the last of several values wins, and a section is written once for those that follow each other', () => {
  const text = configText([
    ['core.bare', 'true'],
    ['core.autocrlf', 'a "b" \\'],
    ['core.bare', 'false'],
  ]);
  expect(text).toBe('[core]\n\tbare = "true"\n\tautocrlf = "a \\"b\\" \\\\"\n\tbare = "false"\n');
  expect(valueIn(text, 'core', 'bare')).toBe('false');
});
