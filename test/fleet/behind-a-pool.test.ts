import { expect, inject, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { homeAt } from '../../src/domain/home.ts';
import { TableQueue } from '../../src/domain/queue/table/table-queue.ts';
import { issue, succeeded } from '../support/fake-world.ts';
import { fleetTaskThat, nameOf } from '../support/fleet-worlds.ts';
import { poolBefore } from '../support/pool.ts';
import { postgresServer } from '../support/postgres-server.ts';
import { freshTables, identity } from '../support/queue-in-a-table.ts';
import { daemonLog, delegate, enqueue, noted, notes, queueWorld, startDaemon } from '../support/queue-world.ts';
import { until } from '../support/world.ts';
import { pmItemWith } from '../unit/support/queue-items.ts';

const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

/** The server of this run of the tests, through a pool of three connections, with tables of the test's own. */
async function pooled(): Promise<string> {
  const { address } = await freshTables();
  const pool = await poolBefore(inject('postgresDirectory'), { size: 3 });
  onTestFinished(async () => pool.remove());
  return `${pool.url}&schema=${address.schema}`;
}

// Until a daemon knows that it hears nothing takes five seconds; then it looks every fifteen.
test('through a pool everything works but the wake-up, and the daemon and doctor say so', async () => {
  const url = await pooled();
  const [a, b] = [await queueWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '0.02' }), await queueWorld()];
  for (const [world, name] of [
    [a, 'a'],
    [b, 'b'],
  ] as const) {
    succeeded(await world.kugetsu('fleet', 'join', url, '--name', name));
  }
  const doctor = a.kugetsu('doctor', '--no-model', '--json');
  await startDaemon(b);
  const deaf = 'LISTEN is not heard (through a connection pool?)';
  await until('the daemon says so', () => daemonLog(b).includes(`${deaf}: the queue is checked at intervals only`));
  expect((await doctor).stdout).toContain(`${deaf}: the queue is checked every 15 s`);
  const own = await enqueue(a, notes(b, 'own'));
  expect(await fleetTaskThat(a, own, completed)).toMatchObject({ attempts: 1 });
  expect(noted(b, 'own')).toEqual(['begun']);
  await startDaemon(a);
  const pm = await delegate(b, `fake: sh kugetsu queue enqueue '${issue(2)}' hello`);
  expect(await fleetTaskThat(b, pm, completed)).toMatchObject({ attempts: 1, children: [{ outcome: 'succeeded' }] });
  const { stdout } = succeeded(await a.kugetsu('fleet', 'status', '--json'));
  expect(JSON.parse(stdout)).toMatchObject({
    hosts: [
      { name: 'a', state: 'up' },
      { name: 'b', state: 'up' },
    ],
  });
});

test('hosts that share the connections of a pool claim each task once', async () => {
  const url = await pooled();
  const queues = Array.from({ length: 8 }, (_, index) => {
    const database = new PostgresDatabase(parseServerAddress(url));
    onTestFinished(async () => database.close());
    const context = { home: homeAt('/nonexistent'), env: {}, clock: systemClock };
    return new TableQueue(context, { database, identity: identity(nameOf(index)) });
  });
  const ids = Array.from({ length: 24 }, (_, number) => `q_0mwrzy3vsoanbch${20 + number}`);
  for (const id of ids) await queues[0]?.add(pmItemWith({ id }));
  const claims = await Promise.all(
    queues.flatMap((queue, index) =>
      ids.map(async (id) => {
        const change = await queue.update(
          id,
          (item) => (item.state === 'pending' ? { ...item, state: 'notified', run_id: `r_${index}` } : item),
          { claim: { host: nameOf(index), seconds: 60 } },
        );
        return change !== undefined && change.before.state === 'pending' && change.after.run_id === `r_${index}`
          ? [id]
          : [];
      }),
    ),
  );
  expect(claims.flat().toSorted()).toEqual(ids);
});

// The pool holds on to its clients while it has no server: nothing is answered for three seconds.
test('a pool whose server is away is no queue, and is one again when the server is back', async () => {
  const server = await postgresServer();
  onTestFinished(async () => server.remove());
  const pool = await poolBefore(server.directory, { size: 3 });
  onTestFinished(async () => pool.remove());
  const world = await queueWorld();
  succeeded(await world.kugetsu('fleet', 'join', pool.url, '--name', 'a'));
  await startDaemon(world);
  await server.stop('immediate');
  const kept = await world.kugetsu('queue', 'enqueue', issue(1), notes(world, 'kept'));
  expect(succeeded(kept).stderr).toContain("kept here: the fleet's queue cannot be reached");
  expect(await world.kugetsu('queue', 'list')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("the fleet's queue cannot be reached"),
  });
  await server.start();
  await until('it is there again', async () => (await world.kugetsu('queue', 'list')).code === 0);
  await fleetTaskThat(world, kept.stdout.trim(), completed);
  expect(noted(world, 'kept')).toEqual(['begun']);
});
