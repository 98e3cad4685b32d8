import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { succeeded } from '../support/fake-world.ts';
import { fleetTaskThat } from '../support/fleet-worlds.ts';
import { enqueue, queueWorld, startDaemon, tasks } from '../support/queue-world.ts';
import type { World } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

interface Tables {
  readonly schema: string;
  /** The URL as which the database belongs to the user. */
  readonly url: string;
  readonly database: PostgresDatabase;
}

/** A schema that is not there yet, and is gone after the test. */
function noTables(): Tables {
  const schema = `t_${randomBytes(8).toString('hex')}`;
  const url = `${inject('postgres')}&schema=${schema}`;
  const database = new PostgresDatabase(parseServerAddress(url));
  onTestFinished(async () => {
    await database.write(`drop schema if exists ${schema} cascade`);
    await database.close();
  });
  return { schema, url, database };
}

/** The tables of version 1, in which host a had its power fail and host b was stopped. */
async function frozenTables(): Promise<Tables> {
  const tables = noTables();
  const sql = readFileSync(join(ROOT, 'test', 'compat', 'fleet-tables-1', 'tables.sql'), 'utf8');
  await tables.database.write(sql.replaceAll('@SCHEMA@', tables.schema));
  return tables;
}

/** A role that has what docs/fleet.md has to be copied. @returns the URL of the server as that role */
async function hostRole({ schema, url, database }: Tables): Promise<string> {
  const role = `r_${randomBytes(8).toString('hex')}`;
  const sql = /```sql\n(\s*create role.*?)```/s.exec(readFileSync(join(ROOT, 'docs', 'fleet.md'), 'utf8'))?.[1] ?? '';
  onTestFinished(async () => {
    const eye = new PostgresDatabase(parseServerAddress(url));
    await eye.write(`drop owned by ${role}; drop role ${role}`);
    await eye.close();
  });
  await database.write(sql.replaceAll('kugetsu_host', role).replaceAll('schema kugetsu', `schema ${schema}`));
  return url.replace('postgres://kugetsu@', `postgres://${role}@`);
}

/** A world that is host b of the frozen tables. */
async function hostB(url: string): Promise<World> {
  const world = await queueWorld();
  writeFileSync(join(world.home, 'queue', 'fleet.json'), JSON.stringify({ url, host: 'b', home: 'h_frozen' }));
  return world;
}

test('a host goes on with tables of an earlier kugetsu, and takes over what was left in them', async () => {
  const { url, schema, database } = await frozenTables();
  const b = await hostB(url);
  const { stdout } = succeeded(await b.kugetsu('fleet', 'status', '--json'));
  expect(JSON.parse(stdout)).toMatchObject({
    host: 'b',
    base: null,
    hosts: [{ name: 'a', claimed: 1 }, { name: 'b' }],
  });
  const before = await tasks(b);
  const done = before.find(completed);
  expect(before).toHaveLength(4);
  await startDaemon(b);
  for (const { id } of before) await fleetTaskThat(b, id, completed);
  const after = await tasks(b);
  expect(after.find(({ id }) => id === done?.id)).toEqual(done);
  expect(after.find(({ message }) => message === 'hello again')).toMatchObject({ attempts: 2 });
  const told = JSON.parse(succeeded(await b.kugetsu('notify', 'list', '--all', '--json')).stdout) as { task: string }[];
  expect(told.filter(({ task }) => task === done?.id)).toHaveLength(4);
  const [meta] = await database.read(`select version, min_client from ${schema}.meta`);
  expect(meta).toMatchObject({ min_client: 1 });
  expect(meta?.['version']).toBeGreaterThan(1);

  await database.write(`update ${schema}.meta set min_client = 1000`);
  expect(await b.kugetsu('queue', 'list')).toEqual({
    code: 3,
    stdout: '',
    stderr: "kugetsu: the fleet's queue wants a later version of kugetsu\n  update kugetsu on this host\n",
  });
});

test('a role with the rights of docs/fleet.md is enough for a host, and is told when tables have to be changed', async () => {
  const tables = noTables();
  const { schema, url, database } = tables;
  const a = await queueWorld();
  succeeded(await a.kugetsu('fleet', 'join', url, '--name', 'a'));
  const asHost = await hostRole(tables);
  // The same fleet by another way.
  succeeded(await a.kugetsu('fleet', 'join', asHost));
  const b = await queueWorld();
  succeeded(await b.kugetsu('fleet', 'join', asHost, '--name', 'b'));
  succeeded(await b.kugetsu('fleet', 'base', 'push'));
  const id = await enqueue(a, 'hello');
  await startDaemon(b);
  await fleetTaskThat(a, id, completed);
  const role = new PostgresDatabase(parseServerAddress(asHost));
  await expect(role.write(`create table ${schema}.mine (it int)`)).rejects.toMatchObject({ code: 'queue_refused' });
  await role.close();
  const elsewhere = await queueWorld();
  expect(await elsewhere.kugetsu('fleet', 'join', asHost.replace(schema, `${schema}_x`))).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(
      "the fleet's tables are not there, and this database user may not change them\n  see docs/fleet.md, Roles and rights",
    ),
  });
  expect(await a.kugetsu('fleet', 'join', noTables().url)).toMatchObject({ code: 4 });
  await database.write(`update ${schema}.host set home = 'h_other' where name = 'a'`);
  expect(await a.kugetsu('fleet', 'join', url)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('this home is already host a of the fleet'),
  });
});

test('a role that may not change tables waits until somebody who may has done it', async () => {
  const tables = await frozenTables();
  const b = await hostB(await hostRole(tables));
  expect(await b.kugetsu('fleet', 'status')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("the fleet's tables are of an earlier kugetsu, and this database user may not"),
  });
  succeeded(await b.withEnv({ KUGETSU_QUEUE_URL: tables.url }).kugetsu('fleet', 'status'));
  succeeded(await b.kugetsu('fleet', 'status'));
});
