// Slow: servers, runners and daemons are killed in each order, and a minute of silence has to pass.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { issue, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { report } from '../support/faults/figures.ts';
import { installOwnPackage } from '../support/own-package.ts';
import { daemonPid, enqueue, finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { serverPids } from '../support/server-pids.ts';
import { killQuietly, processesOf, until, type World } from '../support/world.ts';

const VICTIMS = ['server', 'starter', 'runner', 'daemon'] as const;
type Victim = (typeof VICTIMS)[number];

/** Every order in which they can be killed. */
function ordersOf(victims: readonly Victim[]): Victim[][] {
  if (victims.length === 0) return [[]];
  return victims.flatMap((first) =>
    ordersOf(victims.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

const ORDERS = ordersOf(VICTIMS);
let played = 0;

afterAll(() => report({ part: 'kill of server, runner, starter and daemon', crash_points: played }));

async function sharingWorld(): Promise<World> {
  const world = await queueWorld({
    AGENT_ENGINE: 'server',
    AGENT_SERVER_IDLE_SECONDS: '1',
    MAX_CONCURRENT_AGENTS: '20',
    BREAKER_FAILURES: '0',
  });
  installOwnPackage(world);
  return world;
}

/** An agent that works until it is killed, and is done when it is told the same again. */
const ONCE = 'fake: sh echo x >> begun; [ $(wc -l < begun) -gt 1 ] || sleep 600';

async function begun(world: World, ref: string): Promise<void> {
  await until(`the tool of ${ref} runs`, () => existsSync(join(worktreeOf(world, ref), 'begun')));
}

test.each(ORDERS.map((order) => [order.join(', '), order] as const))(
  'killed in the order %s, every task is done once it is tried again, and nothing is left',
  async (_, order) => {
    const world = await sharingWorld();
    const refs = [1, 2, 3].map(issue);
    await startDaemon(world);
    const ids: string[] = [];
    // The first of them starts the server, of which the others take hold.
    for (const ref of refs) {
      ids.push(await enqueue(world, ONCE, ref));
      await begun(world, ref);
    }
    const [starter, runner] = await Promise.all(refs.map(async (ref) => (await runOf(world, ref)).owner.pid));
    const pids = { server: serverPids(world.home)[0], starter, runner, daemon: await daemonPid(world) };
    for (const victim of order) killQuietly(pids[victim] ?? -1);
    played += 1;
    await startDaemon(world);
    for (const id of ids) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
    for (const ref of refs) {
      const lines = readFileSync(join(worktreeOf(world, ref), 'begun'), 'utf8')
        .trim()
        .split('\n');
      expect(lines).toEqual(['x', 'x']);
    }
    succeeded(await world.kugetsu('queue-daemon', 'stop'));
    await until('nothing is left', () => processesOf(world.root).length === 0);
  },
);

test('a server that gives no sign of life for a minute is ended, and its runs go on as processes', async () => {
  const world = await sharingWorld();
  const refs = [1, 2].map(issue);
  for (const ref of refs) {
    succeeded(await world.kugetsu('start', ref, ONCE));
    await begun(world, ref);
  }
  const [server = -1] = serverPids(world.home);
  process.kill(server, 'SIGSTOP');
  for (const ref of refs) {
    const verdict = await until(
      'the run has ended',
      async () => (await runOf(world, ref)).verdict ?? undefined,
      120_000,
    );
    expect(verdict).toMatchObject({ outcome: 'failed', class: 'engine_died', retryable: true });
  }
  for (const ref of refs) succeeded(await world.kugetsu('continue', ref, ONCE, '--follow'));
  expect(await verdictOf(world, issue(1))).toMatchObject({ outcome: 'succeeded' });
  await until('nothing is left', () => processesOf(world.root).length === 0);
});
