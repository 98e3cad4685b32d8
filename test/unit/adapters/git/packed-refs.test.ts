import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linePieces } from '../../../../src/adapters/git/plain-file.ts';
import { lookThroughPackedRefs, soundPackedRefs } from '../../../../src/adapters/git/shared/packed-refs.ts';

const HEADER = '# pack-refs with: peeled fully-peeled sorted \n';
const [ONE, OTHER] = ['1'.repeat(40), '2'.repeat(40)];

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kugetsu-test-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function fileWith(text: string): string {
  const path = join(directory, 'packed-refs');
  writeFileSync(path, text);
  return path;
}

describe('a look through packed refs', () => {
  test('finds the unusual ones, and the objects of those that were asked for', async () => {
    const lines = [
      `${ONE} refs/heads/fix/issue-1`,
      `${OTHER} refs/heads/grün`,
      `${ONE} refs/remotes/origin/main`,
      `${OTHER} refs/stash`,
      `${ONE} refs/tags/v1`,
      `^${OTHER}`,
    ];
    const path = fileWith(`${HEADER}${lines.map((line) => `${line}\n`).join('')}`);
    const found = await lookThroughPackedRefs(path, ['refs/remotes/origin/main', 'refs/remotes/origin/gone']);
    expect(found?.unusual).toEqual([
      { name: 'refs/heads/fix/issue-1', object: ONE },
      { name: 'refs/heads/grün', object: OTHER },
      { name: 'refs/stash', object: OTHER },
    ]);
    expect([...(found?.asked ?? [])]).toEqual([['refs/remotes/origin/main', ONE]]);
    expect(found?.isEmpty).toBe(false);
  });

  test.each([
    ['no file', undefined],
    ['an empty one', ''],
    ['one with a header alone', HEADER],
  ])('finds nothing in %s', async (_, text) => {
    const path = text === undefined ? join(directory, 'none') : fileWith(text);
    expect(await lookThroughPackedRefs(path, [])).toMatchObject({ unusual: [], isEmpty: true });
  });

  test.each([
    ['a name with two dots', `${ONE} refs/heads/a..b`],
    ['a name with a caret', `${ONE} refs/heads/a^`],
    ['a name that is a lock', `${ONE} refs/heads/a.lock`],
    ['a name with a control character', `${ONE} refs/heads/a\u0001`],
    ['no object', `${'0'.repeat(40)} refs/heads/a`],
    ['a line that is none', 'nonsense'],
    ['a line without its end', `${ONE} refs/heads/a\n${ONE} refs/heads/b`],
  ])('gives up where git has to be asked: %s', async (_, line) => {
    const end = line.endsWith('refs/heads/b') ? '' : '\n';
    for (const before of ['', `${ONE} refs/heads/0\n`])
      expect(await lookThroughPackedRefs(fileWith(`${HEADER}${before}${line}${end}`), [])).toBeUndefined();
  });

  test('takes for sound exactly what is not to be repaired', async () => {
    const name = fc.stringMatching(/^[a-z0-9\u00E0\u0800\uD7F0-\uE010-]{1,6}$/u);
    const line = fc.oneof(
      name.map((each) => `${ONE} refs/heads/${each}\n`),
      fc.constant(`^${OTHER}\n`),
      fc.stringMatching(/^[a-z0-9 \t\u00A0]{0,6}\n$/),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(HEADER, '', '# pack-refs with: peeled \n'),
        fc.array(line),
        async (header, lines) => {
          const text = `${header}${lines.join('')}`;
          const found = await lookThroughPackedRefs(fileWith(text), []);
          expect(found !== undefined).toBe(soundPackedRefs(text) === text);
        },
      ),
    );
  });
});

test('pieces of a file are whole lines, and all of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[ab\n]{0,60}$/), fc.integer({ min: 1, max: 20 }), async (text, size) => {
      const pieces: string[] = [];
      for await (const piece of linePieces(fileWith(text), size)) pieces.push(piece.toString());
      expect(pieces.join('')).toBe(text);
      for (const piece of pieces.slice(0, -1)) expect(piece.endsWith('\n')).toBe(true);
      expect(pieces.slice(0, -1).every((piece) => piece.length > 0)).toBe(true);
    }),
  );
});
