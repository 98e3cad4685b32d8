import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOfLfs } from '../../../../src/adapters/git/shared/shared-files.ts';
import { soundPackedRefs } from '../../../../src/adapters/git/shared/packed-refs.ts';

const HEADER = '# pack-refs with: peeled fully-peeled sorted \n';
const [ONE, OTHER] = ['1'.repeat(40), '2'.repeat(40)];

describe('packed refs', () => {
  test('that are in order stay as they are', () => {
    const name = fc.stringMatching(/^[a-z0-9/-]{1,20}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const lines = names.toSorted().map((each) => `${ONE} refs/${each}\n`);
        const text = `${HEADER}${lines.join('')}`;
        expect(soundPackedRefs(text)).toBe(text);
      }),
    );
  });

  test('lose the lines that are none, and get their order back, each with what it names in the end', () => {
    const text = `${HEADER}${ONE} refs/tags/v2\n^${OTHER}\nnonsense\n${OTHER} refs/heads/main\n${ONE} refs/heads/x y\n`;
    expect(soundPackedRefs(text)).toBe(`${HEADER}${OTHER} refs/heads/main\n${ONE} refs/tags/v2\n^${OTHER}\n`);
    expect(soundPackedRefs('')).toBe('');
    expect(soundPackedRefs('nonsense')).toBe('');
  });

  test.each([
    ['ends as on another system', `${ONE} refs/heads/a\r`],
    ['is what nothing before it peels to', `^${OTHER}`],
    ['is empty', ''],
    ['names an object by half its name', `${ONE.slice(0, 20)} refs/heads/a`],
    ['has a line in it that only some take for two', `${ONE} refs/heads/a\u2028`],
  ])('lose a line that %s, the first or not, with a header or without', (_, line) => {
    const [first, second] = [`${ONE} refs/heads/first\n`, `${ONE} refs/heads/second\n`];
    const later = line.startsWith('^') ? `${line}\n` : '';
    for (const header of [HEADER, '']) {
      expect(soundPackedRefs(`${header}${line}\n${first}${second}`)).toBe(`${header}${first}${second}`);
      expect(soundPackedRefs(`${header}${first}${line}\n${second}`)).toBe(`${header}${first}${later}${second}`);
    }
  });
});

describe('packed refs of any lines', () => {
  const line = fc.oneof(
    fc.stringMatching(/^[a-z0-9/\uD7F0-\uE010-]{1,8}$/u).map((name) => `${ONE} refs/${name}`),
    fc.constant(`^${OTHER}`),
    fc.string({ maxLength: 8 }),
  );

  test('are in the order of their bytes afterwards, and stay as they are then', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const sound = soundPackedRefs(`${HEADER}${lines.map((each) => `${each}\n`).join('')}`);
        expect(soundPackedRefs(sound)).toBe(sound);
        const names = [...sound.matchAll(/^[0-9a-f]{40} (refs\/\S+)$/gm)].map(([, name = '']) => Buffer.from(name));
        expect(names).toEqual(names.toSorted((one, other) => Buffer.compare(one, other)));
      }),
    );
  });
});

describe('hooks of git-lfs', () => {
  const words = `This repository is configured for Git LFS but 'git-lfs' was not found on your path. If you no longer wish to use Git LFS, remove this hook by deleting the 'pre-push' file in the hooks directory (set by 'core.hookspath'; usually '.git/hooks').`;
  const hook = (check: string, call: string): string => `#!/bin/sh\n${check}\n${call}\n`;
  const check = `command -v git-lfs >/dev/null 2>&1 || { printf >&2 "\\n%s\\n\\n" "${words}"; exit 2; }`;
  const before = `command -v git-lfs >/dev/null 2>&1 || { echo >&2 "\\n${words}\\n"; exit 2; }`;

  test('are known in each of their forms', () => {
    expect(isOfLfs(hook(check, 'git lfs pre-push "$@"'), 'pre-push')).toBe(true);
    expect(isOfLfs(hook(before, 'git lfs post-merge "$@"'), 'post-merge')).toBe(true);
  });

  test.each([
    hook(check, 'git lfs pre-push "$@"; evil'),
    hook(check, 'git lfs post-checkout "$@"'),
    hook(check.replace('%s', '$(evil)'), 'git lfs pre-push "$@"'),
    hook(check.replace('%s', '`evil`'), 'git lfs pre-push "$@"'),
    hook(check.replace('printf', 'evil'), 'git lfs pre-push "$@"'),
    hook(check.replace('exit 2', 'evil; exit 2'), 'git lfs pre-push "$@"'),
    `${hook(check, 'git lfs pre-push "$@"')}evil\n`,
    'evil\n',
    '',
  ])('are no others: %j', (text) => {
    expect(isOfLfs(text, 'pre-push')).toBe(false);
  });
});
