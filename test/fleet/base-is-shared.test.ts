import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseServerAddress } from '../../src/adapters/postgres/address.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/database.ts';
import { readJson, REF, saidIn, storedSessions, succeeded } from '../support/fake-world.ts';
import { fleetOf, fleetTaskThat } from '../support/fleet-worlds.ts';
import { daemonLog, enqueue, queueWorld, startDaemon } from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

interface BaseFile {
  readonly opencode_session_id: string;
  readonly directory: string;
  readonly previous_session_ids?: readonly string[];
  readonly fleet_base?: { readonly version: number; readonly session: string };
}

const baseOf = ({ home }: World): BaseFile => readJson(join(home, 'sessions', 'base.json')) as BaseFile;

/** Which version of the fleet's base a host has, as its files say. */
function versionAt(world: World): number | null {
  const { opencode_session_id: id, fleet_base: known } = baseOf(world);
  return known?.session === id ? known.version : null;
}

const knows = (world: World): string => saidIn(world, baseOf(world).opencode_session_id).join('\n');

/** Which version of the base each host has, as one of them sees it. */
async function versionsBy(world: World): Promise<Record<string, number | null>> {
  const { stdout } = succeeded(await world.kugetsu('fleet', 'status', '--json'));
  const { hosts } = JSON.parse(stdout) as { hosts: { name: string; base: number | null }[] };
  return Object.fromEntries(hosts.map(({ name, base }) => [name, base]));
}

async function told(world: World, prompt: string): Promise<void> {
  succeeded(await world.kugetsu('init', '--force', '--headless', '--prompt', prompt));
}

async function hostsOf(count: number): Promise<{ readonly hosts: World[]; readonly url: string }> {
  const { hosts, url } = await fleetOf(count);
  return { hosts: [...hosts], url };
}

const SECRET = 'hunter2-is-no-password';

// Eleven commands, and an agent.
test('what the base of one host knows is the base of each other one when it pulls, without secrets', async () => {
  const { hosts, url } = await hostsOf(2);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  expect(await b.kugetsu('fleet', 'base', 'pull')).toMatchObject({
    code: 1,
    stderr:
      'kugetsu: no host has pushed its base session to the fleet\n  on the host whose base all are to have, run: kugetsu fleet base push\n',
  });
  writeFileSync(join(a.home, 'env', 'default.env'), `DEPLOY_TOKEN=${SECRET}\n`);
  await told(a, `Know marigold, and ${SECRET}.`);
  expect(succeeded(await a.kugetsu('fleet', 'base', 'push')).stderr).toBe(
    "this home's base session is base 1 of the fleet; the daemons of the hosts take it\n",
  );
  // The same again is no new one.
  succeeded(await a.kugetsu('fleet', 'base', 'push'));
  expect(await versionsBy(b)).toEqual({ a: 1, b: null });
  const before = baseOf(b);
  expect(succeeded(await b.kugetsu('fleet', 'base', 'pull')).stderr).toBe(
    `base 1 of the fleet, from host a, is this home's base session now: ${baseOf(b).opencode_session_id}
the previous base session, ${before.opencode_session_id}, is no longer used; opencode still has it
`,
  );
  expect(baseOf(b)).toMatchObject({
    directory: before.directory,
    previous_session_ids: [before.opencode_session_id],
  });
  expect(await versionsBy(a)).toEqual({ a: 1, b: 1 });
  succeeded(await b.kugetsu('start', REF, 'hello', '--follow'));
  const { opencode_session_id: fork } = readJson(join(b.home, 'sessions', 'forge.test-acme-demo-1.json')) as BaseFile;
  const { opencode_session_id: pm } = readJson(join(b.home, 'sessions', 'pm-agent.json')) as BaseFile;
  for (const session of [fork, pm]) expect(saidIn(b, session)[0]).toContain('Know marigold');
  const { stdout } = await b.kugetsu('doctor', '--no-model', '--json');
  const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string }[] };
  const ofSessions = findings.filter(({ check }) => ['base-session', 'pm-agent'].includes(check));
  expect(ofSessions.map(({ level }) => level)).toEqual(['ok', 'ok']);
  const database = new PostgresDatabase(parseServerAddress(url));
  const [row] = await database.read(`select export from ${database.address.schema}.base`);
  await database.close();
  const stored = gunzipSync(row?.['export'] as Uint8Array).toString('utf8');
  expect(stored).toContain('marigold');
  expect(stored).not.toContain(SECRET);
});

// Two daemons, and a look of each for each change.
test('daemons take a newer base and leave one that the host has made itself since; who joins takes it at once', async () => {
  const { hosts, url } = await hostsOf(2);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  await startDaemon(b);
  await told(a, 'Know tansy.');
  succeeded(await a.kugetsu('fleet', 'base', 'push'));
  await until('b has it', () => versionAt(b) === 1);
  await until('it says so', () => daemonLog(b).includes("base 1 of the fleet, from host a, is this home's base now"));
  expect(knows(b)).toContain('Know tansy.');
  await told(b, 'Know fennel.');
  await startDaemon(a);
  // A change in the queue has them look.
  await fleetTaskThat(a, await enqueue(a, 'hello'), ({ state }) => state === 'completed');
  await until('b has looked again', async () => (await versionsBy(a))['b'] === null);
  const { stdout } = succeeded(await b.kugetsu('fleet', 'status'));
  expect(stdout.split('\n').map((line) => line.split('\t')[4])).toEqual(['1', '-', undefined]);
  expect(knows(b)).toContain('Know fennel.');
  succeeded(await b.kugetsu('fleet', 'base', 'push'));
  await until('a has it', () => versionAt(a) === 2);
  expect(knows(a)).toContain('Know fennel.');
  const c = await queueWorld();
  const { stderr } = succeeded(await c.kugetsu('fleet', 'join', url, '--name', 'c'));
  expect(stderr).toContain("base 2 of the fleet, from host b, is this home's base session now");
  expect(knows(c)).toContain('Know fennel.');
  expect(await versionsBy(c)).toEqual({ a: 2, b: 2, c: 2 });
  succeeded(await c.kugetsu('fleet', 'leave'));
  expect(versionAt(c)).toBeNull();
});

test('a base that cannot be taken changes nothing, and is told of', async () => {
  const { hosts, url } = await hostsOf(2);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  succeeded(await a.kugetsu('fleet', 'base', 'push'));
  const database = new PostgresDatabase(parseServerAddress(url));
  const { schema } = database.address;
  const [before, sessions] = [baseOf(b), storedSessions(b)];
  await database.write(`update ${schema}.base set opencode_major = 2`);
  const other = 'base 1 of the fleet was made by opencode 2 on host a, and here is opencode 1';
  expect(await b.kugetsu('fleet', 'base', 'pull')).toEqual({
    code: 3,
    stdout: '',
    stderr: `kugetsu: ${other}\n  install opencode 2 here, or on a host that has opencode 1, run: kugetsu fleet base push\n`,
  });
  await startDaemon(b);
  await until('the daemon says so', () => daemonLog(b).includes(`base 1 of the fleet could not be taken: ${other}`));
  const c = await queueWorld();
  expect(succeeded(await c.kugetsu('fleet', 'join', url, '--name', 'c')).stderr).toContain(
    `the base of the fleet could not be taken: ${other}\n  run: kugetsu fleet base pull\n`,
  );
  await database.write(`update ${schema}.base set opencode_major = 1`);
  const loses = b.withEnv({ FAKE_OPENCODE_LOSE_PARTS: '1' });
  expect(await loses.kugetsu('fleet', 'base', 'pull')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('opencode did not store the fork as asked: it has 1 messages'),
  });
  await database.write(`update ${schema}.base set export = substr(export, 1, 60)`);
  await database.close();
  expect(await b.kugetsu('fleet', 'base', 'pull')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the packed session is damaged'),
  });
  expect(baseOf(b)).toEqual(before);
  expect(storedSessions(b).toSorted()).toEqual(sessions.toSorted());
  expect(readdirSync(join(b.home, 'sessions')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(readFileSync(join(b.home, 'index.json'), 'utf8')).toContain(before.opencode_session_id);
});
