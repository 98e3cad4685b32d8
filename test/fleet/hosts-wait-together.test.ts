import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { migration, SCHEMA_VERSION } from '../../src/adapters/postgres/schema.ts';
import { fleetDatabase } from '../../src/domain/queue/table/open-table.ts';
import { issue, succeeded } from '../support/fake-world.ts';
import { fleetOf, fleetTaskThat } from '../support/fleet-worlds.ts';
import {
  daemonLog,
  delegate,
  enqueue,
  give,
  noted,
  notesPath,
  startDaemon,
  tasks,
  waitsFor,
} from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

interface Pair {
  readonly a: World;
  readonly b: World;
  readonly url: string;
}

/** Two hosts with a slot each, which take a break after two failures. */
async function pair(minutes: string, more: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const env = { ...more, MAX_CONCURRENT_AGENTS: '1', BREAKER_FAILURES: '2', BREAKER_MINUTES: minutes };
  const { hosts, url } = await fleetOf(2, env);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  return { a, b, url };
}

/** An agent whose model has no room for it until there is a file of this name. */
const limited = (world: World, status = 429): string => `fake: needs-file ${status} ${notesPath(world, 'room')}`;
const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

// Seven runs, some one after the other.
test('when agents of two hosts have reached the rate limit, all hosts wait, and one resume lets all go on', async () => {
  const { a, b } = await pair('600', { QUEUE_RETRY_BASE_SECONDS: '60' });
  const ids: string[] = [];
  for (const number of [1, 2]) ids.push(await enqueue(a, limited(a), issue(number)));
  for (const world of [a, b]) await startDaemon(world);
  const all = async (): Promise<string> => (await a.kugetsu('status')).stderr;
  await until('the fleet takes a break', async () =>
    (await all()).includes('all hosts wait: 2 tasks in a row ended with rate_limited'),
  );
  const later = await enqueue(b, limited(a), issue(3));
  for (const world of [a, b]) {
    expect(succeeded(await world.kugetsu('queue', 'explain', later)).stdout).toContain(
      'all hosts wait: 2 tasks in a row',
    );
    expect((await world.kugetsu('queue', 'list')).stderr).toContain('kugetsu queue resume');
  }
  await until('nobody is at work', async () => (await tasks(a)).every(({ state }) => state === 'pending'));
  expect((await tasks(a)).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
  writeFileSync(notesPath(a, 'room'), '');
  succeeded(await b.kugetsu('queue', 'resume'));
  for (const id of [...ids, later]) expect(await fleetTaskThat(a, id, completed)).toMatchObject({ attempts: 1 });
  expect((await a.kugetsu('status')).stderr).not.toContain('all hosts wait');
});

// Several runs, one after the other.
test('after the break one task is tried, and then those of all hosts go on', async () => {
  const { a, b } = await pair('0.01');
  const ids: string[] = [];
  for (const number of [1, 2, 3, 4]) ids.push(await enqueue(a, limited(a), issue(number)));
  for (const world of [a, b]) await startDaemon(world);
  await until('two breaks', () => `${daemonLog(a)}${daemonLog(b)}`.split('the queue takes a break').length > 2);
  writeFileSync(notesPath(a, 'room'), '');
  for (const id of ids) await fleetTaskThat(a, id, completed);
});

// Three runs, one after the other.
test('what is wrong with one host alone holds up no other one', async () => {
  const { a, b } = await pair('600');
  const ids: string[] = [];
  for (const number of [1, 2]) ids.push(await enqueue(a, limited(a, 401), issue(number)));
  await startDaemon(a);
  await until('a takes a break', () => daemonLog(a).includes('the queue takes a break'));
  expect((await a.kugetsu('status')).stderr).toContain('2 tasks in a row ended with no_credentials');
  expect((await b.kugetsu('status')).stderr).not.toContain('tasks in a row');
  await startDaemon(b);
  const other = await enqueue(a, 'hello', issue(3));
  await fleetTaskThat(b, other, completed);
  expect((await tasks(b)).filter(({ id }) => ids.includes(id)).map(({ state }) => state)).toEqual([
    'pending',
    'pending',
  ]);
});

// Three runs, one after the other.
test('all hosts together have no more agents than FLEET_MAX_AGENTS', async () => {
  const { a, b } = await pair('600', { FLEET_MAX_AGENTS: '1' });
  const first = await enqueue(a, waitsFor(a, 'go'), issue(1));
  await startDaemon(a);
  await until('an agent is at work', () => noted(a, 'go-begun').length > 0);
  const second = await enqueue(a, 'hello', issue(2));
  await startDaemon(b);
  // b takes what it may.
  await fleetTaskThat(a, await delegate(a, 'hello'), completed);
  expect(succeeded(await b.kugetsu('queue', 'explain', second)).stdout).toContain(
    'waits for other hosts: FLEET_MAX_AGENTS is 1',
  );
  expect((await tasks(b)).find(({ id }) => id === second)).toMatchObject({ state: 'pending', attempts: 0 });
  give(a, 'go');
  for (const id of [first, second]) expect(await fleetTaskThat(a, id, completed)).toMatchObject({ attempts: 1 });
});

test('tables of an earlier version get what they lack from the first program that needs it', async () => {
  const { a, url } = await pair('600');
  const database = fleetDatabase({ env: {} }, url);
  onTestFinished(async () => database.close());
  const { schema } = database.address;
  // As the first version has made them: what later ones add follows.
  const [first = ''] = migration(database.address).split(`if (select version from ${schema}.meta) < 2`);
  await database.write(`drop schema ${schema} cascade`);
  await database.write(`${first} end $migration$`);
  expect(await database.read(`select version from ${schema}.meta`)).toEqual([{ version: 1 }]);
  expect((await a.kugetsu('queue', 'list')).code).toBe(0);
  expect(await database.read(`select version, breaker from ${schema}.meta`)).toEqual([
    { version: SCHEMA_VERSION, breaker: null },
  ]);
});
