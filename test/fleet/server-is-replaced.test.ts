import { expect, onTestFinished, test } from 'vitest';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { issue, listedIssue, succeeded } from '../support/fake-world.ts';
import { fleetTaskThat } from '../support/fleet-worlds.ts';
import { postgresServer, type PostgresServer } from '../support/postgres-server.ts';
import {
  delegate,
  enqueue,
  give,
  noted,
  notes,
  queueWorld,
  startDaemon,
  tasks,
  waitsFor,
} from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

/** A host of a fleet on a server of its own, with its daemon. Its claims of PM tasks hold for twenty seconds. */
async function onOwnServer(): Promise<{ readonly world: World; readonly server: PostgresServer }> {
  const server = await postgresServer();
  onTestFinished(async () => server.remove());
  const world = await queueWorld({ FLEET_LEASE_SECONDS: '20' });
  succeeded(await world.kugetsu('fleet', 'join', server.url, '--name', 'a'));
  await startDaemon(world);
  return { world, server };
}

/** Puts another server in the place of one: what has a connection loses it, and the tables are those of a back-up, or none. */
async function replace(server: PostgresServer, dump = ''): Promise<void> {
  const database = new PostgresDatabase(parseServerAddress(server.url));
  await database.write('drop schema if exists kugetsu cascade');
  await database.write(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null',
  );
  await database.close();
  server.restore(dump);
}

// The daemon looks again after up to five seconds.
test('an empty server is no queue: what is queued is kept until its tables are restored, or begun anew', async () => {
  const { world, server } = await onOwnServer();
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent is at work', () => noted(world, 'go-begun').length > 0);
  const dump = server.dump('kugetsu');
  await replace(server);
  const kept = succeeded(await world.kugetsu('queue', 'enqueue', issue(2), notes(world, 'kept')));
  expect(kept.stderr).toContain("kept here: the fleet's queue cannot be reached");
  expect(await world.kugetsu('queue', 'list')).toMatchObject({
    code: 4,
    stdout: '',
    stderr: `kugetsu: the fleet's queue cannot be reached: the server has no tables of kugetsu (${server.directory})\n  restore its back-up; or, for an empty queue, run: kugetsu fleet join URL\n`,
  });
  give(world, 'go');
  await until('the run has ended', async () => (await listedIssue(world)).run?.verdict != null);
  await replace(server, dump);
  for (const each of [id, kept.stdout.trim()]) {
    expect(await fleetTaskThat(world, each, completed)).toMatchObject({ attempts: 1 });
  }
  await replace(server);
  const later = succeeded(await world.kugetsu('queue', 'enqueue', issue(3), notes(world, 'later'))).stdout.trim();
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  succeeded(await world.kugetsu('fleet', 'join', server.url));
  await startDaemon(world);
  await fleetTaskThat(world, later, completed);
  expect([...noted(world, 'go-begun'), ...noted(world, 'kept'), ...noted(world, 'later')]).toEqual(
    Array(3).fill('begun'),
  );
  expect(await tasks(world)).toHaveLength(1);
});

// Until a run learns that its task is not there any more takes a sixth of its claim.
test('an older back-up costs what was queued since, which is told, and nothing that it knows runs twice', async () => {
  const { world, server } = await onOwnServer();
  const before = await enqueue(world, waitsFor(world, 'before'));
  const ending = await enqueue(world, waitsFor(world, 'ending'), issue(2));
  await until('both agents are at work', () =>
    ['before', 'ending'].every((name) => noted(world, `${name}-begun`).length > 0),
  );
  const dump = server.dump('kugetsu');
  give(world, 'ending');
  await fleetTaskThat(world, ending, completed);
  const since = await delegate(world, waitsFor(world, 'since'));
  await until('its agent is at work', () => noted(world, 'since-begun').length > 0);
  await replace(server, dump);
  expect(await fleetTaskThat(world, ending, completed)).toMatchObject({ attempts: 1 });
  await until('its loss is told', async () =>
    succeeded(await world.kugetsu('notify', 'list', '--all')).stdout.includes(`${since} is not in the queue any more`),
  );
  give(world, 'before');
  expect(await fleetTaskThat(world, before, completed)).toMatchObject({ attempts: 1 });
  for (const name of ['before', 'ending', 'since']) expect(noted(world, `${name}-begun`)).toEqual(['begun']);
  expect((await tasks(world)).map(({ id }) => id).toSorted()).toEqual([before, ending].toSorted());
});
