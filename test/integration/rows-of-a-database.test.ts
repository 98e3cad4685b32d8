import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUN } from '../../scripts/compile.ts';
import { tableHasRows } from '../../src/adapters/opencode/models/sqlite-rows.ts';

// SQLite itself writes the databases, by the runtime that is there to compile kugetsu.

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kugetsu-rows-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Makes a database with statements, the last of them in the write-ahead log alone, as while another program has it open. */
function database(name: string, pageSize: number, before: readonly string[], logged: readonly string[] = []): string {
  const path = join(directory, name);
  const program = `
    const { Database } = require('bun:sqlite');
    const { copyFileSync } = require('node:fs');
    const [path, size, before, logged] = JSON.parse(process.argv.at(-1));
    const open = new Database(path + '.open');
    open.run('pragma page_size = ' + size);
    open.run('pragma journal_mode = wal');
    for (const statement of before) open.run(statement);
    open.run('pragma wal_checkpoint(truncate)');
    open.run('pragma wal_autocheckpoint = 0');
    for (const statement of logged) open.run(statement);
    for (const end of ['', '-wal']) copyFileSync(path + '.open' + end, path + end);
  `;
  execFileSync(BUN, ['-e', program, JSON.stringify([path, pageSize, before, logged])]);
  return path;
}

const ACCOUNT = 'create table account (id text primary key, email text not null)';
const ROW = "insert into account values ('a', 'me@localhost')";
// So many tables of such length that the table of tables is itself a tree of pages, two levels deep.
const MANY = Array.from(
  { length: 150 },
  (_, n) => `create table t${n} (${'a_long_name_of_a_column_'.repeat(9)}${n} text)`,
);

const CASES: readonly [string, readonly string[], readonly string[], boolean][] = [
  ['no table', ['create table other (id)', "insert into other values ('account')"], [], false],
  ['an empty table', [ACCOUNT], [], false],
  ['a row', [ACCOUNT, ROW], [], true],
  ['a row that is only in the log', [ACCOUNT], [ROW], true],
  ['a table that is only in the log', ['create table other (id)'], [ACCOUNT, ROW], true],
  ['a row that was deleted', [ACCOUNT, ROW, 'delete from account'], [], false],
  ['a row whose deletion is only in the log', [ACCOUNT, ROW], ['delete from account'], false],
  [
    'an index of that name',
    ['create table other (id)', 'create index account on other (id)', "insert into other values ('a')"],
    [],
    false,
  ],
  ['many tables before it', [...MANY, ACCOUNT, ROW], [], true],
  ['many tables around one that is empty', [...MANY.slice(75), ACCOUNT, ...MANY.slice(0, 75)], [], false],
  [
    'many rows',
    [ACCOUNT, ...Array.from({ length: 200 }, (_, n) => `insert into account values ('${n}', '${'x'.repeat(90)}')`)],
    [],
    true,
  ],
];

test.each(CASES)('%s is seen in pages of each size', async (name, before, logged, rows) => {
  for (const size of [512, 4096, 65_536]) {
    expect({ size, rows: await tableHasRows(database(`${name} ${size}`, size, before, logged), 'account') }).toEqual({
      size,
      rows,
    });
  }
});

test('a log is read however much is in it, as it grows while an opencode that works never lets go of it', async () => {
  const much = ['create table much (some)', 'insert into much values (zeroblob(70000000))'];
  expect(await tableHasRows(database('much', 4096, [ACCOUNT], [...much, ROW]), 'account')).toBe(true);
  expect(await tableHasRows(database('much else', 4096, [ACCOUNT], much), 'account')).toBe(false);
});

test('no file has no rows', async () => {
  expect(await tableHasRows(join(directory, 'none'), 'account')).toBe(false);
});

test('a file that is none, or is cut off, is told, never guessed at', async () => {
  const whole = database('whole', 4096, [ACCOUNT, ROW]);
  expect(existsSync(`${whole}-wal`)).toBe(true);
  const cut = join(directory, 'cut');
  copyFileSync(whole, cut);
  truncateSync(cut, 3000);
  await expect(tableHasRows(cut, 'account')).rejects.toThrow(/ends too early/);
  writeFileSync(cut, 'text');
  await expect(tableHasRows(cut, 'account')).rejects.toThrow(/ends too early|no database/);
});
