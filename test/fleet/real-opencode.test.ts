import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { succeeded } from '../support/fake-world.ts';
import { freshTables } from '../support/queue-in-a-table.ts';
import { daemonPid } from '../support/queue-world.ts';
import { finished, items, queued } from '../support/real-queue.ts';
import { makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { gitIn, until, type World } from '../support/world.ts';

const issue = (number: number): string => `forge.test/acme/demo#${number}`;

/** Two hosts with one slot each, an opencode and a model each. */
async function realPair(): Promise<readonly [RealWorld, RealWorld]> {
  const { address } = await freshTables();
  const env = { MAX_CONCURRENT_AGENTS: '1', QUEUE_DAEMON_INTERVAL_MINUTES: '60', FLEET_LEASE_SECONDS: '10' };
  const hosts = [await makeRealWorld(env), await makeRealWorld(env)] as const;
  onTestFinished(async () => {
    for (const host of hosts) {
      await host.world.kugetsu('queue-daemon', 'stop');
      expect(await host.destroy()).toEqual([]);
    }
  });
  for (const [index, { world, model }] of hosts.entries()) {
    model.on(/work on (\d+)/, ({ lastUserText }) => {
      const number = /work on (\d+)/.exec(lastUserText)?.[1] ?? '';
      return [
        { bash: 'touch begun; until [ -e go ]; do sleep 0.1; done' },
        { bash: `echo x > file${number} && git add file${number} && git commit -q -m "Add ${number}"` },
        { text: 'Done.' },
      ];
    });
    model.on(/# The task\s+see to both/, [
      { bash: `kugetsu queue enqueue '${issue(1)}' 'work on 1' && kugetsu queue enqueue '${issue(2)}' 'work on 2'` },
      { text: 'Handed over.' },
    ]);
    model.on(/take long/, [{ bash: 'touch begun; until [ -e go ]; do sleep 0.1; done' }, { text: 'Done.' }]);
    const url = `${inject('postgres')}&schema=${address.schema}`;
    succeeded(await world.kugetsu('fleet', 'join', url, '--name', ['a', 'b'][index] ?? ''));
  }
  const [{ world: first }, { world: second }] = hosts;
  succeeded(await first.kugetsu('init', '--force', '--headless', '--prompt', 'remember tansy'));
  succeeded(await first.kugetsu('fleet', 'base', 'push'));
  succeeded(await second.kugetsu('fleet', 'base', 'pull'));
  return hosts;
}

/** Every process that belongs to what a host has at work, as when it loses its power. */
async function powerFails(world: World): Promise<void> {
  const runs = readdirSync(join(world.home, 'runs')).filter((name) => name.endsWith('.json'));
  const pids = [await daemonPid(world)];
  for (const name of runs) {
    const { owner, status } = JSON.parse(readFileSync(join(world.home, 'runs', name), 'utf8')) as {
      readonly owner: { readonly pid: number };
      readonly status: { readonly agent?: number };
    };
    pids.push(owner.pid, ...(status.agent === undefined ? [] : [-status.agent]));
  }
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

// Slow: six runs on the real opencode, a base that goes from one to the other, and a claim that has to run out.
test('a PM task of one host has its children on both; a host that loses its power loses no task, and begins none again', async () => {
  const [{ world: a }, { world: b, model }] = await realPair();
  for (const world of [a, b]) succeeded(await world.kugetsu('queue-daemon', 'start'));
  const both = await queued(b, 'delegate', 'see to both');
  const places = await until('both children are at work, each on a host of its own', () => {
    const begun = [a, b].map((world) => [1, 2].map((number) => worktreeIn(world, number)).filter(hasBegun));
    return begun.every((list) => list.length === 1) ? begun.flat() : undefined;
  });
  for (const place of places) writeFileSync(join(place, 'go'), '');
  const done = await finished(a, both.id);
  expect(done).toMatchObject({ state: 'completed', children: [{ outcome: 'succeeded' }, { outcome: 'succeeded' }] });
  const subjects = await Promise.all(places.map(async (place) => gitIn(a, place, 'log', '-1', '--format=%s')));
  expect(subjects.toSorted()).toEqual(['Add 1', 'Add 2']);
  // What the base of a alone was told.
  const atB = model.requests.filter(({ lastUserText }) => /work on \d/.test(lastUserText));
  expect(atB.length).toBeGreaterThan(0);
  for (const { body } of atB) expect(body).toContain('remember tansy');

  succeeded(await a.kugetsu('queue-daemon', 'stop'));
  const long = await queued(b, 'delegate', 'take long');
  const [placeA, placeB] = [a, b].map((world) => join(world.home, 'pm-agent'));
  await until('its agent is at work on b', () => hasBegun(placeB ?? ''));
  await powerFails(b);
  succeeded(await a.kugetsu('queue-daemon', 'start'));
  await until('a has begun it again', () => hasBegun(placeA ?? ''));
  rmSync(join(placeB ?? '', 'begun'));
  writeFileSync(join(placeA ?? '', 'go'), '');
  expect(await finished(a, long.id)).toMatchObject({ state: 'completed', attempts: 2 });
  succeeded(await b.kugetsu('queue-daemon', 'start'));
  await until('b has settled what it was at', () =>
    readdirSync(join(b.home, 'runs')).every((name) => !name.endsWith('.json')),
  );
  expect((await items(b)).find(({ id }) => id === long.id)).toMatchObject({ state: 'completed', attempts: 2 });
  expect(hasBegun(placeB ?? '')).toBe(false);
}, 900_000);

function worktreeIn({ home }: World, number: number): string {
  return join(home, 'worktrees', `forge.test-acme-demo-${number}`);
}

function hasBegun(directory: string): boolean {
  return existsSync(join(directory, 'begun'));
}
