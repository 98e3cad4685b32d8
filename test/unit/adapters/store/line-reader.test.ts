import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LineReader, linesFromEnd } from '../../../../src/adapters/store/line-reader.ts';

let directory = '';
let files = 0;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lines-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function newFile(content: string | Uint8Array = ''): string {
  const path = join(directory, `log-${(files += 1)}`);
  writeFileSync(path, content);
  return path;
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

const text = fc.array(fc.constantFrom('a', '\n', '\n', '\r', ' ', 'é', '語', '😀', '\u0000'), { maxLength: 60 });

test('the lines are the same however the file grew', async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(200), { maxLength: 6 }), async (characters, cuts) => {
      const bytes = Buffer.from(characters.join(''));
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
      const path = newFile();
      const reader = new LineReader(path);
      const lines: string[] = [];
      let start = 0;
      for (const end of ends) {
        appendFileSync(path, bytes.subarray(start, end));
        start = end;
        lines.push(...(await all(reader.read())));
      }
      const expected = characters.join('').split('\n');
      const rest = expected.pop();
      expect(lines).toEqual(expected);
      expect(await all(reader.finish())).toEqual(rest === '' ? [] : [rest]);
    }),
    { numRuns: 60 },
  );
});

test('a character whose bytes come one by one survives', async () => {
  const path = newFile();
  const reader = new LineReader(path);
  const lines: string[] = [];
  for (const byte of Buffer.from('x😀語\ny')) {
    appendFileSync(path, Uint8Array.of(byte));
    lines.push(...(await all(reader.read())));
  }
  expect(lines).toEqual(['x😀語']);
});

test('a line of ten megabytes survives, between short ones', async () => {
  const long = '語é'.repeat(2 * 1024 * 1024);
  const lines = await all(new LineReader(newFile(`first\n${long}\nlast\n`)).read());
  expect(lines.map((line) => line.length)).toEqual([5, long.length, 4]);
  expect(lines[1] === long).toBe(true);
});

test('a last line without a newline comes only at the end, and only once', async () => {
  const path = newFile('one\ntw');
  const reader = new LineReader(path);
  expect(await all(reader.read())).toEqual(['one']);
  expect(await all(reader.read())).toEqual([]);
  appendFileSync(path, 'o');
  expect(await all(reader.finish())).toEqual(['two']);
  expect(await all(reader.finish())).toEqual([]);
});

test('the end has the complete lines that were not read yet as well', async () => {
  expect(await all(new LineReader(newFile('one\n\ntwo')).finish())).toEqual(['one', '', 'two']);
  expect(await all(new LineReader(newFile('one\n')).finish())).toEqual(['one']);
});

test('a file that does not exist yet has no lines', async () => {
  const path = join(directory, 'later');
  const reader = new LineReader(path);
  expect(await all(reader.read())).toEqual([]);
  writeFileSync(path, 'now\n');
  expect(await all(reader.read())).toEqual(['now']);
});

test('a file that cannot be read is an error, not an empty file', async () => {
  await expect(all(new LineReader(directory).read())).rejects.toThrow('EISDIR');
});

test('of a line that is longer than the limit its beginning is kept, and its length is known', async () => {
  const cut = (beginning: string, bytes: number): string => `${beginning}|${bytes}`;
  const long = '語'.repeat(300_000);
  const lines = await all(new LineReader(newFile(`one\n${long}\nthree\n${long}`), { maxBytes: 7, cut }).finish());
  expect(lines).toEqual(['one', '語語|900000', 'three', '語語|900000']);
});

test('whoever stops in the middle goes on behind the last line that was read', async () => {
  const reader = new LineReader(newFile('one\ntwo\nthree\n'));
  for await (const line of reader.read()) {
    expect(line).toBe('one');
    break;
  }
  expect(await all(reader.read())).toEqual(['two', 'three']);
});

test('from the end a file has the lines that are not empty, the last one first', async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom(1, 70_000), async (characters, times) => {
      const content = characters.join('').repeat(times);
      const lines = content.split('\n').filter((line) => line !== '');
      const found = await all(linesFromEnd(newFile(content), Infinity));
      expect(found.join('\n') === lines.toReversed().join('\n')).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('from the end no more is read than is asked for, and no part of a line', async () => {
  const path = newFile(`${'x'.repeat(500_000)}\ntwo\nthree\n`);
  expect(await all(linesFromEnd(path, 100))).toEqual(['three', 'two']);
  expect(await all(linesFromEnd(path, 8))).toEqual(['three']);
  expect(await all(linesFromEnd(join(directory, 'missing'), 8))).toEqual([]);
});
