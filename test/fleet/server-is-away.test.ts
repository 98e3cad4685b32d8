import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { issue, listedIssue, REF, succeeded } from '../support/fake-world.ts';
import { fleetTaskThat } from '../support/fleet-worlds.ts';
import { gateTo, type Gate } from '../support/gate.ts';
import { postgresServer, type PostgresServer } from '../support/postgres-server.ts';
import { freshTables } from '../support/queue-in-a-table.ts';
import {
  daemonLog,
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
import { run, until, type World } from '../support/world.ts';

const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

/** A host of a fleet by a way that can be shut. */
async function behindGate(): Promise<{ readonly world: World; readonly gate: Gate; readonly url: string }> {
  const { address } = await freshTables();
  const gate = await gateTo(inject('postgresDirectory'));
  onTestFinished(async () => gate.remove());
  const world = await queueWorld();
  succeeded(await world.kugetsu('fleet', 'join', `${gate.url}&schema=${address.schema}`, '--name', 'a'));
  return { world, gate, url: `${inject('postgres')}&schema=${address.schema}` };
}

// The daemon looks again after up to five seconds.
test('what people queue while the server is away is kept and handed over; an agent is refused', async () => {
  const { world, gate } = await behindGate();
  await startDaemon(world);
  await gate.shut();
  const kept = succeeded(await world.kugetsu('queue', 'enqueue', issue(1), notes(world, 'kept')));
  expect(kept.stderr).toContain(
    "kept here: the fleet's queue cannot be reached; the daemon hands the task over when it can",
  );
  const id = kept.stdout.trim();
  const pm = await delegate(world, 'hello');
  expect(readdirSync(join(world.home, 'queue', 'outbox')).toSorted()).toEqual([`${id}.json`, `${pm}.json`].toSorted());
  const agent = {
    KUGETSU_TASK_ID: pm,
    KUGETSU_ORIGIN_TASK: pm,
    KUGETSU_RUN_ID: 'r_0mwrzy3vsoanbch2t',
    KUGETSU_AGENT: 'pm-agent',
  };
  const asked = await run([...world.command, 'delegate', 'more'], {
    cwd: world.project,
    env: { ...world.env, ...agent },
  });
  expect(asked).toMatchObject({ code: 4, stdout: '' });
  expect(asked.stderr).toContain("the fleet's queue cannot be reached: there is no such socket");
  expect(await world.kugetsu('queue', 'list')).toMatchObject({ code: 4, stdout: '' });
  expect(succeeded(await world.kugetsu('list')).stderr).toContain(
    'the issues of other hosts are not listed: the fleet',
  );
  succeeded(await world.kugetsu('queue-daemon', 'restart'));
  await gate.open();
  for (const each of [id, pm]) await fleetTaskThat(world, each, completed);
  expect(noted(world, 'kept')).toEqual(['begun']);
  expect(readdirSync(join(world.home, 'queue', 'outbox'))).toEqual([]);
  const { stdout } = succeeded(await world.kugetsu('notify', 'list', '--all', '--type', 'task_queued', '--json'));
  expect((JSON.parse(stdout) as { readonly task: string }[]).map(({ task }) => task).toSorted()).toEqual(
    [id, pm].toSorted(),
  );
});

// So here.
test('an agent that ends while the server is away has its verdict, which its task gets later', async () => {
  const { world, gate } = await behindGate();
  const id = await enqueue(world, waitsFor(world, 'go'));
  await startDaemon(world);
  await until('the agent is at work', () => noted(world, 'go-begun').length > 0);
  await gate.shut();
  give(world, 'go');
  await until('the run has ended', async () => (await listedIssue(world)).run?.verdict != null);
  await gate.open();
  expect(await fleetTaskThat(world, id, completed)).toMatchObject({ attempts: 1 });
  expect(noted(world, 'go-begun')).toEqual(['begun']);
});

// Three runs, one after the other.
test('what a host has of its own issues needs no server: list, logs, stop and continue', async () => {
  const { world, gate } = await behindGate();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  await gate.shut();
  expect(await listedIssue(world)).toMatchObject({ state: 'working' });
  expect(succeeded(await world.kugetsu('logs', REF)).stdout).toContain('go-begun');
  succeeded(await world.kugetsu('stop', REF));
  expect((await listedIssue(world)).run?.verdict).toMatchObject({ outcome: 'stopped' });
  succeeded(await world.kugetsu('continue', REF, notes(world, 'more'), '--follow'));
  expect(noted(world, 'more')).toEqual(['begun']);
  // Another host may have one that is not known here.
  expect(await world.kugetsu('start', issue(2), 'hello')).toMatchObject({
    code: 4,
    stdout: '',
    stderr: expect.stringContaining("the fleet's queue cannot be reached"),
  });
  await gate.open();
  await startDaemon(world);
  await until('the ends of the runs are told', async () => {
    const { stdout } = await world.kugetsu('notify', 'list', '--all');
    return stdout.includes('task_error') && stdout.includes('task_completed');
  });
});

// Two homes, and three runs: an issue that nobody has, and one that another host has.
test('an issue that is new to a host begins there while the server is away only if a person says so', async () => {
  const { world: a, gate, url } = await behindGate();
  const b = await queueWorld();
  succeeded(await b.kugetsu('fleet', 'join', url, '--name', 'b'));
  succeeded(await b.kugetsu('start', issue(2), 'hello', '--follow'));
  await gate.shut();
  expect(await a.kugetsu('start', issue(1), 'hello')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(
      `run: kugetsu fleet status; if no other host has the issue, run: kugetsu start '${issue(1)}' MESSAGE --here\n`,
    ),
  });
  for (const ref of [issue(1), issue(2)]) {
    const { stderr } = succeeded(await a.kugetsu('start', ref, 'hello', '--here', '--follow'));
    expect(stderr).toContain(
      "the fleet's queue cannot be reached: if another host has the issue, two agents work on it",
    );
  }
  // It has a session here by now.
  succeeded(await a.kugetsu('start', issue(1), 'hello', '--follow'));
  const outbox = join(a.home, 'queue', 'outbox');
  expect(readdirSync(outbox)).toHaveLength(2);
  await gate.open();
  await startDaemon(a);
  const told = `${issue(2)} was begun here while the queue of the fleet could not be reached, but host b has had it first`;
  await until('the fleet is told', () => daemonLog(a).includes(told));
  expect(readdirSync(outbox)).toEqual([]);
  for (const [asked, ref, host] of [
    [b, issue(1), 'a'],
    [a, issue(2), 'b'],
  ] as const) {
    expect(await asked.kugetsu('start', ref, 'hello', '--here')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`${ref} belongs to host ${host}`),
    });
  }
});

/** Ways of a server to be away for a while, over and over, and how many tasks are queued meanwhile. */
const OUTAGES: readonly (readonly [string, number, Outage])[] = [
  ['is killed', 30, { leave: async (server) => server.stop('immediate'), back: async (server) => server.start() }],
  ['hangs', 14, { leave: async (server) => server.freeze(), back: async (server) => server.thaw() }],
];

interface Outage {
  readonly leave: (server: PostgresServer) => Promise<void>;
  readonly back: (server: PostgresServer) => Promise<void>;
}

// Many runs, while a server that waits for its disk is away four times, or twice.
test.each(OUTAGES)('a server that %s again and again loses no task and doubles none', async (_, count, outage) => {
  const server = await postgresServer({ durable: true });
  onTestFinished(async () => server.remove());
  const worlds = [await queueWorld(), await queueWorld()];
  for (const [index, world] of worlds.entries()) {
    succeeded(await world.kugetsu('fleet', 'join', server.url, '--name', `host-${index}`));
    await startDaemon(world);
  }
  const [first] = worlds;
  if (first === undefined) throw new Error('there are two');
  const ids: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    const isAway = number % 7 === 0;
    if (isAway) await outage.leave(server);
    ids.push(await enqueue(first, notes(first, 'done', String(number)), issue(number)));
    if (isAway) await outage.back(server);
  }
  await until('all are done', async () => {
    const all = await tasks(first).catch(() => []);
    return all.length === count && all.every(completed);
  });
  expect(
    noted(first, 'done')
      .map(Number)
      .toSorted((a, b) => a - b),
  ).toEqual(ids.map((_id, index) => index + 1));
  expect((await tasks(first)).map(({ attempts }) => attempts)).toEqual(ids.map(() => 1));
});

// Nothing is answered, and each command waits three seconds for it.
test('a server that hangs is away: nobody waits for it for long, and agents go on', async () => {
  const server = await postgresServer();
  onTestFinished(async () => server.remove());
  const world = await queueWorld();
  succeeded(await world.kugetsu('fleet', 'join', server.url, '--name', 'a'));
  const id = await enqueue(world, waitsFor(world, 'go'));
  await startDaemon(world);
  await until('the agent is at work', () => noted(world, 'go-begun').length > 0);
  server.freeze();
  const [kept, list] = await Promise.all([
    world.kugetsu('queue', 'enqueue', issue(2), notes(world, 'kept')),
    world.kugetsu('queue', 'list'),
  ]);
  expect(succeeded(kept).stderr).toContain("kept here: the fleet's queue cannot be reached");
  expect(list).toMatchObject({ code: 4, stdout: '' });
  expect(list.stderr).toContain("the fleet's queue cannot be reached: no answer in 3 s");
  give(world, 'go');
  await until('the run has ended', async () => (await listedIssue(world)).run?.verdict != null);
  server.thaw();
  for (const each of [id, kept.stdout.trim()]) {
    expect(await fleetTaskThat(world, each, completed)).toMatchObject({ attempts: 1 });
  }
  expect([...noted(world, 'go-begun'), ...noted(world, 'kept')]).toEqual(['begun', 'begun']);
});

test('a connection to a server that hangs can be ended', async () => {
  const server = await postgresServer();
  onTestFinished(async () => server.remove());
  const database = new PostgresDatabase(parseServerAddress(server.url));
  await database.read('select 1');
  server.freeze();
  await database.close();
});
