// Slow: what a host was at is another's when its claim has run out, and ten seconds are the shortest.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { issue, listedIssue, REF, succeeded } from '../support/fake-world.ts';
import { fleetTaskThat, nameOf } from '../support/fleet-worlds.ts';
import { networkTo, type Link } from '../support/network.ts';
import { freshTables } from '../support/queue-in-a-table.ts';
import {
  daemonLog,
  delegate,
  enqueue,
  give,
  noted,
  notesPath,
  queueWorld,
  startDaemon,
} from '../support/queue-world.ts';
import { calledBy, until, type World } from '../support/world.ts';

const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

interface Host {
  readonly world: World;
  readonly link: Link;
}

/** Two hosts with a network of their own each, a with a daemon. */
async function pair(env: Readonly<Record<string, string>>): Promise<readonly [Host, Host]> {
  const { address } = await freshTables();
  const network = await networkTo(inject('postgresDirectory'), 2);
  onTestFinished(async () => network.remove());
  const hosts: Host[] = [];
  for (const [index, link] of network.links.entries()) {
    const own = await queueWorld({ FLEET_LEASE_SECONDS: '10', ...env });
    const world = calledBy(own, [...link.before, ...own.command]);
    succeeded(await world.kugetsu('fleet', 'join', `${link.url}&schema=${address.schema}`, '--name', nameOf(index)));
    hosts.push({ world, link });
  }
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('there are two');
  await startDaemon(a.world);
  return [a, b];
}

/** A message whose agent signs with the root of its host: the signatures are of one world. */
function signsOnce({ world }: Host, name: string): string {
  return `fake: sh ${signature(world, name)}`;
}

/** The same every so often, until it is given a file. */
function signsUntil({ world }: Host, name: string): string {
  return `fake: sh until [ -e '${notesPath(world, name)}' ]; do ${signature(world, name)}; sleep 0.05; done`;
}

function signature(world: World, name: string): string {
  return `echo "$KUGETSU_WORLD" >> '${notesPath(world, `${name}-signed`)}'`;
}

/** The hosts whose agents have signed, each as often as it took its turn. */
function turns(of: Host, name: string, hosts: readonly Host[]): string[] {
  const roots = noted(of.world, `${name}-signed`);
  const changes = roots.filter((root, index) => root !== roots[index - 1]);
  return changes.map((root) => nameOf(hosts.findIndex(({ world }) => world.root === root)));
}

async function isAtWork(on: Host, of: Host, name: string): Promise<void> {
  await until(`the agent of ${name} is at work`, () => noted(of.world, `${name}-signed`).includes(on.world.root));
}

/** The agent signs once more than it has signed till now. */
async function worksOn(of: Host, name: string): Promise<void> {
  const before = noted(of.world, `${name}-signed`).length;
  await until(`the agent of ${name} works on`, () => noted(of.world, `${name}-signed`).length > before);
}

const runsOf = ({ world }: Host): string[] =>
  readdirSync(join(world.home, 'runs')).filter((name) => name.endsWith('.json'));

// Two agents of issues go on for as long as the claim of a PM task needs to run out; one of them for longer than the cut.
test('a host that is cut off ends its PM agent before another begins, keeps the agents of its issues, and tells later', async () => {
  const hosts = await pair({});
  const [a, b] = hosts;
  succeeded(await a.world.kugetsu('start', issue(2), 'hello', '--follow'));
  const pm = await delegate(a.world, signsUntil(a, 'pm'));
  const own = await enqueue(a.world, signsUntil(a, 'own'));
  const through = await enqueue(a.world, signsUntil(a, 'through'), issue(2));
  for (const name of ['pm', 'own', 'through']) await isAtWork(a, a, name);
  await startDaemon(b.world);
  a.link.cut();
  await isAtWork(b, a, 'pm');
  give(a.world, 'pm');
  expect(await fleetTaskThat(b.world, pm, completed)).toMatchObject({ attempts: 2 });
  expect(turns(a, 'pm', hosts)).toEqual(['a', 'b']);
  // It ends while nobody can be told.
  give(a.world, 'own');
  await until('its run has ended', async () => (await listedIssue(a.world)).run?.verdict != null);
  // Nobody else takes what the host with the session is at, or what comes after it.
  const next = await enqueue(b.world, signsOnce(a, 'next'), issue(2));
  expect(succeeded(await b.world.kugetsu('queue', 'explain', next)).stdout).toContain(
    'waits for host a, which has the work on its issue',
  );
  a.link.mend();
  expect(await fleetTaskThat(b.world, own, completed)).toMatchObject({ attempts: 1 });
  await worksOn(a, 'through');
  give(a.world, 'through');
  for (const id of [through, next]) expect(await fleetTaskThat(b.world, id, completed)).toMatchObject({ attempts: 1 });
  await until('nothing is open on a', () => runsOf(a).length === 0);
  expect(await fleetTaskThat(b.world, pm, completed)).toMatchObject({ attempts: 2 });
  for (const name of ['own', 'through', 'next']) expect(turns(a, name, hosts)).toEqual(['a']);
});

test('a cut that is shorter than the claim changes nothing', async () => {
  const hosts = await pair({ FLEET_LEASE_SECONDS: '600' });
  const [a, b] = hosts;
  const pm = await delegate(a.world, signsUntil(a, 'pm'));
  await isAtWork(a, a, 'pm');
  await startDaemon(b.world);
  a.link.cut();
  expect((await a.world.kugetsu('queue', 'list')).stderr).toContain(
    "the fleet's queue cannot be reached: no answer in 3 s",
  );
  a.link.mend();
  await until('it is reached again', async () => (await a.world.kugetsu('queue', 'list')).code === 0);
  give(a.world, 'pm');
  expect(await fleetTaskThat(b.world, pm, completed)).toMatchObject({ attempts: 1 });
  expect(turns(a, 'pm', hosts)).toEqual(['a']);
});

test('the verdict of a host that was cut off counts when nobody has begun its task anew', async () => {
  // Nobody takes it again before a long time has passed.
  const hosts = await pair({ QUEUE_RETRY_BASE_SECONDS: '600' });
  const [a, b] = hosts;
  const pm = await delegate(a.world, signsUntil(a, 'pm'));
  await isAtWork(a, a, 'pm');
  await startDaemon(b.world);
  a.link.cut();
  give(a.world, 'pm');
  const lost = await fleetTaskThat(b.world, pm, ({ state }) => state === 'pending');
  expect(lost).toMatchObject({ attempts: 1, failure: { class: 'host_lost' } });
  a.link.mend();
  expect(await fleetTaskThat(b.world, pm, completed)).toMatchObject({ attempts: 1, failure: null });
  expect(turns(a, 'pm', hosts)).toEqual(['a']);
});

test('an issue goes on elsewhere when its host was cut off for as long as FLEET_MOVE_AFTER_MINUTES, and only there', async () => {
  const hosts = await pair({ FLEET_MOVE_AFTER_MINUTES: '0.2' });
  const [a, b] = hosts;
  const own = await enqueue(a.world, signsUntil(a, 'own'));
  await isAtWork(a, a, 'own');
  await startDaemon(b.world);
  a.link.cut();
  await isAtWork(b, a, 'own');
  expect(daemonLog(b.world)).toContain(`${own} taken from host a: its claim ran out`);
  a.link.mend();
  await until('nothing is open on a', () => runsOf(a).length === 0);
  give(a.world, 'own');
  expect(await fleetTaskThat(a.world, own, completed)).toMatchObject({ attempts: 2 });
  expect(turns(a, 'own', hosts)).toEqual(['a', 'b']);
  expect((await listedIssue(b.world)).state).toBe('idle');
  const rows = succeeded(await a.world.kugetsu('list'))
    .stdout.split('\n')
    .filter((line) => line.startsWith(`${REF}\t`));
  expect(rows.map((line) => line.split('\t')).map((cells) => [cells[4], cells.at(-1)])).toEqual([
    ['moved to b', 'a'],
    ['succeeded', 'b'],
  ]);
  expect(await a.world.kugetsu('continue', REF, 'more')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(`${issue(1)} belongs to host b`),
  });
});
