import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openKept, writeNewExport } from '../../src/adapters/opencode/kept-export.ts';
import { readExport, type SessionMessage, type SessionSource } from '../../src/adapters/opencode/session-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'kugetsu-export-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const BASE = 'ses_0123456789abABCDEFGHIJKLMN';
const AWKWARD = 'a line\n    },\n  ]\n\u2028\u2029 ü \\" "messages": [';
const message = (number: number, text: string): SessionMessage => ({
  info: { id: `msg_${number}`, nested: { deep: [{ er: 1 }] } },
  parts: [{ id: `prt_${number}`, text }],
});
const SESSION = {
  info: { id: BASE, title: AWKWARD, time: { created: 1 }, empty: {} },
  messages: [message(1, AWKWARD), message(2, 'ü'.repeat(3_000_000)), message(3, '')],
};

async function collected(source: SessionSource | undefined): Promise<unknown> {
  if (source === undefined) return undefined;
  const { info, messages } = source;
  const all: unknown[] = [];
  for await (const each of messages) all.push(each);
  return { info, messages: all };
}

async function read(text: string, clean = (json: string): string => json): Promise<unknown> {
  const path = join(directory, 'export.json');
  writeFileSync(path, text);
  const file = await open(path, 'r');
  try {
    return await collected(await readExport(file, clean));
  } finally {
    await file.close();
  }
}

test.each([
  ['as opencode prints it', (session: unknown) => `${JSON.stringify(session, null, 2)}\n`],
  ['on one line', (session: unknown) => JSON.stringify(session)],
  ['with other spaces', (session: unknown) => JSON.stringify(session, null, 4)],
])('an export is read %s, with or without messages', async (_how, print) => {
  expect(await read(print(SESSION))).toEqual(SESSION);
  expect(await read(print({ ...SESSION, messages: [] }))).toEqual({ ...SESSION, messages: [] });
});

test('every piece of an export is cleaned', async () => {
  const clean = (json: string): string =>
    json.replaceAll('"created": 1', '"created": 2').replaceAll('"er": 1', '"er": 2');
  const text = JSON.stringify(await read(JSON.stringify(SESSION, null, 2), clean));
  expect(text).toContain('"created":2');
  expect(text.match(/"er":2/g)).toHaveLength(SESSION.messages.length);
});

test('an export that was cut off anywhere is refused', async () => {
  const text = JSON.stringify({ ...SESSION, messages: [message(1, 'one'), message(2, 'two')] }, null, 2);
  // What is missing of the last two lines is nothing that a session needs.
  for (let length = 0; length < text.lastIndexOf('  ]'); length += 1) {
    await expect(read(text.slice(0, length)), `cut at ${length}`).rejects.toThrow(SyntaxError);
  }
});

test('an export is kept with the state of its base, privately, and a new one leaves nothing unless it is kept', async () => {
  const path = join(directory, 'cache', 'base-export.json');
  const dropped = await writeNewExport(path, SESSION);
  expect(await collected(await dropped.read())).toEqual(SESSION);
  await dropped.close();
  expect(readdirSync(join(directory, 'cache'))).toEqual([]);
  const fresh = await writeNewExport(path, SESSION);
  await fresh.keep(42);
  await fresh.close();
  expect(readdirSync(join(directory, 'cache'))).toEqual(['base-export.json']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const kept = await openKept(path, BASE);
  expect(kept).toMatchObject({ timeUpdated: 42, messages: 3 });
  // As often as it is asked for.
  for (let round = 0; round < 2; round += 1) expect(await collected(await kept?.read())).toEqual(SESSION);
  await kept?.close();
  expect(await openKept(path, 'ses_other')).toBeUndefined();
});

test('an export that kugetsu 0.1.0 kept is used, and has the form of today afterwards', async () => {
  const path = join(directory, 'old.json');
  writeFileSync(path, JSON.stringify({ time_updated: 42, session: SESSION }));
  for (let round = 0; round < 2; round += 1) {
    const kept = await openKept(path, BASE);
    expect(kept).toMatchObject({ timeUpdated: 42, messages: 3 });
    expect(await collected(await kept?.read())).toEqual(SESSION);
    await kept?.close();
  }
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(SESSION.messages.length + 3);
});

test('a kept export that is damaged is none, or refuses while it is read', async () => {
  const path = join(directory, 'damaged.json');
  const lines = [{ info: SESSION.info }, ...SESSION.messages, { time_updated: 42, messages: 3 }].map((each) =>
    JSON.stringify(each),
  );
  for (const text of ['', 'nonsense', lines.slice(0, -1).join('\n'), `${lines[4]}`, JSON.stringify({ session: 1 })]) {
    writeFileSync(path, text);
    expect(await openKept(path, BASE)).toBeUndefined();
  }
  for (const index of [1, 2, 3]) {
    writeFileSync(path, lines.filter((_line, at) => at !== index).join('\n'));
    const kept = await openKept(path, BASE);
    await expect(kept?.read().then(collected)).rejects.toMatchObject({
      name: expect.stringMatching(/^(?:SyntaxError|\$ZodError)$/),
    });
    await kept?.close();
  }
});
