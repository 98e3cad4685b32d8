import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { succeeded } from '../support/fake-world.ts';
import { fleetOf } from '../support/fleet-worlds.ts';
import { gateTo } from '../support/gate.ts';
import { freshTables } from '../support/queue-in-a-table.ts';
import { delegate, queueWorld } from '../support/queue-world.ts';
import type { World } from '../support/world.ts';

interface Found {
  readonly level: string;
  readonly check: string;
  readonly message: string;
  readonly command: string | null;
}

async function findings(world: World): Promise<Found[]> {
  const { stdout } = await world.kugetsu('doctor', '--no-model', '--json');
  return (JSON.parse(stdout) as { readonly findings: readonly Found[] }).findings.filter(
    ({ check }) => check === 'fleet',
  );
}

test('doctor says what keeps a fleet from its promises, and nothing in a home that is in none', async () => {
  const { address, database } = await freshTables();
  const gate = await gateTo(inject('postgresDirectory'));
  onTestFinished(async () => gate.remove());
  const world = await queueWorld();
  expect(await findings(world)).toEqual([]);
  succeeded(await world.kugetsu('fleet', 'join', `${gate.url}&schema=${address.schema}`, '--name', 'a'));
  await database.write(
    `insert into ${address.schema}.host (name, home, version, slots, state, seen_at)
    values ('b', 'h_b', '0.1.0', 3, 'gone', clock_timestamp() - interval '2 hours')`,
  );
  // The server of the tests waits for no disk.
  expect(await findings(world)).toEqual([
    {
      level: 'error',
      check: 'fleet',
      message: 'the server has fsync = off: after a crash it forgets tasks that were promised',
      command: 'turn it on in postgresql.conf',
    },
    {
      level: 'warning',
      check: 'fleet',
      message: 'host b has not been heard of for 2h 00m',
      command: 'start it, or run: kugetsu fleet forget b',
    },
  ]);
  await gate.shut();
  await delegate(world, 'hello');
  mkdirSync(join(world.home, 'queue', 'outbox'), { recursive: true });
  writeFileSync(join(world.home, 'queue', 'outbox', 'q_0mwrzy3vsoanbch2t.json'), '{');
  const away = await findings(world);
  expect(away.map(({ level }) => level)).toEqual(['error', 'info', 'error']);
  expect(away.map(({ message }) => message)).toEqual([
    expect.stringContaining('q_0mwrzy3vsoanbch2t.json'),
    "1 task kept here until the fleet's queue can be reached",
    expect.stringContaining("the fleet's queue cannot be reached: there is no such socket"),
  ]);
});

// Two hosts, and doctor waits for a word of the server each time.
test('hosts with other servers, repositories or variables are told of, by name and without a secret, and a name that two homes have', async () => {
  const { hosts, url } = await fleetOf(1);
  const [a] = hosts;
  const b = await queueWorld();
  if (a === undefined) throw new Error('one was asked for');
  const secret = 'hunter2-is-no-password';
  succeeded(await b.kugetsu('env', 'set', 'WORK_TOKEN', secret));
  succeeded(await b.kugetsu('server', 'add', 'work', 'https://work.example'));
  writeFileSync(
    join(b.home, 'repos.json'),
    JSON.stringify({
      'forge.test/acme/demo': `https://me:${secret}@forge.test/acme/demo`,
      'forge.test/acme/more': '/more',
    }),
  );
  const what =
    'servers.json: work is not there; repos.json: forge.test/acme/demo is different there; repos.json: forge.test/acme/more is not there';
  const { stderr } = succeeded(await b.kugetsu('fleet', 'join', url, '--name', 'b'));
  expect(stderr).toContain(
    `host a has other servers or repositories: ${what}\n  give all hosts the same servers.json and repos.json: an issue with two names gets two agents\n`,
  );
  const lacks = 'host a lacks WORK_TOKEN in default.env';
  expect(stderr).toContain(`${lacks}\n  on the host that lacks it, run: kugetsu env set NAME - [AGENT]\n`);
  const { database, schema } = tablesOf(url);
  const [row] = await database.read(`select string_agg(doc::text, ' ') as docs from ${schema}.host`);
  expect(row?.['docs']).toContain('forge.test/acme/more');
  expect(row?.['docs']).not.toContain(secret);
  expect(row?.['docs']).toContain('WORK_TOKEN');
  const messages = async (): Promise<string[]> =>
    (await findings(b)).filter(({ level }) => level !== 'info').map(({ message }) => message);
  const before = await messages();
  expect(before).toContain(`host a has other servers or repositories: ${what}`);
  expect(before).toContain(lacks);
  await database.write(`update ${schema}.host set home = 'h_other', doc = null`);
  const after = await messages();
  expect(after).toContain('another home is host b of the fleet: this one takes no task');
  expect(after.join(' ')).not.toContain('other servers');
  expect(after.join(' ')).not.toContain('lacks');
  await database.close();
});

function tablesOf(url: string): { readonly database: PostgresDatabase; readonly schema: string } {
  const address = parseServerAddress(url);
  return { database: new PostgresDatabase(address), schema: address.schema };
}
