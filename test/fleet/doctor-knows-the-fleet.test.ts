import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { succeeded } from '../support/fake-world.ts';
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
