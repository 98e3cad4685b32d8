import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { parseServerAddress, type ServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { migration } from '../../src/adapters/postgres/schema.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { homeAt } from '../../src/domain/home.ts';
import { Hosts, type Identity } from '../../src/domain/queue/table/hosts.ts';
import { TableQueue } from '../../src/domain/queue/table/table-queue.ts';
import type { SharedQueueUnderTest } from './queue-contract-of-hosts.ts';

interface Tables {
  readonly address: ServerAddress;
  readonly database: PostgresDatabase;
  /** A directory for a home that nobody has set up. */
  readonly root: string;
}

/** Tables without tasks on the server of this run of the tests, until the test has finished. */
export async function freshTables(): Promise<Tables> {
  const address = parseServerAddress(`${inject('postgres')}&schema=t_${randomBytes(8).toString('hex')}`);
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-queue-'));
  const database = new PostgresDatabase(address);
  onTestFinished(async () => {
    await database.write(`drop schema ${address.schema} cascade`);
    await database.close();
    rmSync(root, { recursive: true });
  });
  await database.write(migration(address));
  return { address, database, root };
}

/** A host of this name. */
export function identity(host: string): Identity {
  return { host, home: `h_${host}`, version: '0.0.0' };
}

/** An empty queue in tables of its own, which hosts a and b share. */
export async function queueInATable(): Promise<SharedQueueUnderTest> {
  const { address, database, root } = await freshTables();
  const { schema } = address;
  const another = new PostgresDatabase(address);
  onTestFinished(async () => another.close());
  const context = { home: homeAt(root), env: {}, clock: systemClock };
  await database.write(`create table ${schema}.test_clock (at timestamptz)`);
  const time = `coalesce((select at from ${schema}.test_clock), clock_timestamp())`;
  for (const host of ['a', 'b']) {
    await new Hosts(database).present(identity(host), {
      slots: 3,
      live: 0,
      base: null,
      naming: undefined,
      moveAfterMs: 0,
    });
  }
  return {
    store: new TableQueue(context, { database, identity: identity('a'), time }),
    other: new TableQueue(context, { database: another, identity: identity('a'), time }),
    away: new TableQueue(context, { database: another, identity: identity('b'), time }),
    forget: async () => void (await new Hosts(database, time).remove('b')),
    async setClock(now) {
      await database.write(`delete from ${schema}.test_clock`);
      await database.write(`insert into ${schema}.test_clock values ($1)`, [new Date(now).toISOString()]);
    },
    async damage(id) {
      await database.write(`update ${schema}.task set doc = '{"id": 1}' where id = $1`, [id]);
    },
    async refuseNews() {
      await database.write(`alter table ${schema}.notification rename to elsewhere`);
    },
  };
}
