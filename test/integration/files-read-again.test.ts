import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { readJsonFile, type FileForm } from '../../src/adapters/store/json-file.ts';

// A process that reads a file again and again takes its text apart once.

const Schema = z.looseObject({ name: z.string(), tags: z.array(z.string()) });
const FORM: FileForm<typeof Schema> = { schema: Schema, what: 'thing' };
const TEXT = '{"name": "one", "tags": ["a"]}';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kugetsu-read-'));
  path = join(directory, 'thing.json');
  writeFileSync(path, TEXT);
});

afterEach(() => rmSync(directory, { recursive: true }));

test('a file with the same text gives the same value, which nobody can change', async () => {
  const value = await readJsonFile(path, FORM);
  writeFileSync(path, TEXT);
  expect(await readJsonFile(path, FORM)).toBe(value);
  expect(value).toEqual({ name: 'one', tags: ['a'] });
  expect(() => value?.tags.push('b')).toThrow(TypeError);
});

test('a file is read as it is now: with another text, damaged, gone, and with the old text again', async () => {
  expect(await readJsonFile(path, FORM)).toMatchObject({ name: 'one' });
  writeFileSync(path, '{"name": "two", "tags": []}');
  expect(await readJsonFile(path, FORM)).toEqual({ name: 'two', tags: [] });
  writeFileSync(path, '{"name": "two"');
  await expect(readJsonFile(path, FORM)).rejects.toThrow('cannot read');
  rmSync(path);
  expect(await readJsonFile(path, FORM)).toBeUndefined();
  writeFileSync(path, TEXT);
  expect(await readJsonFile(path, FORM)).toMatchObject({ name: 'one' });
});

test('what a file lacks is found out each time it is read', async () => {
  let tag = 'then';
  const form = { ...FORM, complete: (value: unknown) => ({ ...Object(value), tags: [tag] }) };
  expect(await readJsonFile(path, form)).toMatchObject({ tags: ['then'] });
  tag = 'now';
  expect(await readJsonFile(path, form)).toMatchObject({ tags: ['now'] });
});

test('files without end are read as they are, however little room there is to remember them', async () => {
  const names = Array.from({ length: 40 }, (_, number) => `${number}-${'x'.repeat(30_000)}`);
  const paths = names.map((name, number) => {
    const each = join(directory, `${number}.json`);
    writeFileSync(each, JSON.stringify({ name, tags: [] }));
    return each;
  });
  for (let round = 0; round < 2; round += 1) {
    for (const [number, each] of paths.entries())
      expect(await readJsonFile(each, FORM)).toMatchObject({ name: names[number] });
  }
});
