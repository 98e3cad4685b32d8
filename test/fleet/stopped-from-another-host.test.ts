import { expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/adapters/postgres/database.ts';
import { fleetDatabase } from '../../src/domain/queue/table/open-table.ts';
import { issue, REF, succeeded } from '../support/fake-world.ts';
import { fleetOf, fleetTaskThat, runnersOf } from '../support/fleet-worlds.ts';
import { delegate, enqueue, give, noted, startDaemon, waitsFor } from '../support/queue-world.ts';
import { killQuietly, until, type World } from '../support/world.ts';

/** A fleet of two, b with a daemon, and its tables. */
async function pair(): Promise<{
  readonly a: World;
  readonly b: World;
  readonly daemon: number;
  readonly database: Database;
}> {
  const { hosts, url } = await fleetOf(2);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  const database = fleetDatabase({ env: {} }, url);
  onTestFinished(async () => database.close());
  return { a, b, daemon: await startDaemon(b), database };
}

async function atWork(world: World, name: string): Promise<void> {
  await until('an agent is at work', () => noted(world, `${name}-begun`).length > 0);
}

function thaw(pids: readonly number[]): void {
  for (const pid of pids) killQuietly(pid, 'SIGCONT');
}

const ended = ({ state }: { readonly state: string }): boolean => state === 'error' || state === 'completed';

// Three runs, each with a stop.
test('stop and cancel end what another host is at, by task, run and issue', async () => {
  const { a, b } = await pair();
  const pm = await delegate(a, waitsFor(b, 'pm'));
  await atWork(b, 'pm');
  expect(await a.kugetsu('stop', pm)).toMatchObject({ code: 0, stderr: `stopped ${pm} on host b\n` });
  expect(await fleetTaskThat(a, pm, ended)).toMatchObject({ attempts: 1, failure: { class: 'stopped' } });

  const first = await enqueue(a, waitsFor(b, 'first'));
  await atWork(b, 'first');
  const { stdout } = succeeded(await a.kugetsu('stop', REF, '--json'));
  expect(JSON.parse(stdout)).toMatchObject({ task: first, issue_ref: REF, host: 'b', children: [] });
  expect(await fleetTaskThat(a, first, ended)).toMatchObject({ attempts: 1, failure: { class: 'stopped' } });
  // Nothing is at work there now.
  for (const words of [
    ['stop', REF],
    ['destroy', REF, '-y'],
  ]) {
    expect(await a.kugetsu(...words)).toMatchObject({
      code: 4,
      stderr: `kugetsu: ${REF} belongs to host b, which has its session and worktree\n  run the command on that host\n`,
    });
  }

  const second = await enqueue(a, waitsFor(b, 'second'), issue(2));
  await atWork(b, 'second');
  const cancelled = await a.kugetsu('queue', 'cancel', second, '-y');
  expect(cancelled).toMatchObject({ code: 0 });
  expect(cancelled.stderr).toContain(`${second}: waiting for its agent to end on host b (run r_`);
  expect(cancelled.stderr).toContain(`cancelled ${second}\n`);
  expect(await fleetTaskThat(a, second, ended)).toMatchObject({ attempts: 1, failure: { class: 'cancelled' } });
  await until('no runner is left', async () => runnersOf(b).length === 0);
});

test('what an agent has started on its host ends with its task, wherever that is cancelled', async () => {
  const { a, b } = await pair();
  const pm = await delegate(a, `fake: sh kugetsu start '${REF}' "${waitsFor(b, 'child')}"`);
  await atWork(b, 'child');
  await fleetTaskThat(a, pm, ({ run }) => run?.verdict != null);
  expect(await a.kugetsu('queue', 'cancel', pm, '-y')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`cancelled ${pm}`),
  });
  expect(await fleetTaskThat(a, pm, ended)).toMatchObject({ children: [{ kind: 'run', outcome: 'stopped' }] });
  await until('no runner is left', async () => runnersOf(b).length === 0);
});

// Two programs start, and a silent host is waited for.
test('of a silent host one is told so, and what was stopped there does not begin again elsewhere', async () => {
  const { a, b, daemon, database } = await pair();
  const { schema } = database.address;
  const id = await delegate(a, waitsFor(b, 'go'));
  await atWork(b, 'go');
  // As when its machine is frozen.
  const frozen = [daemon, ...runnersOf(b)];
  for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  onTestFinished(() => thaw(frozen));
  await database.write(`update ${schema}.host set seen_at = seen_at - interval '1 hour' where name = 'b'`);
  expect(succeeded(await a.kugetsu('queue', 'explain', id)).stdout).toMatch(
    /an agent has it on host b: run r_\w+; nothing was heard of it for 1h 00m/,
  );
  const { code, stderr } = await a.kugetsu('stop', id);
  expect({ code, stderr }).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(
      /nothing was heard of host b for 1h [^:]+: run r_\S+ of q_\S+ ends when it is back, or when its claim runs out\n {2}if it does not come back, run: kugetsu fleet forget b\n/,
    ),
  });
  await database.write(
    `update ${schema}.task set lease_until = clock_timestamp() - interval '1 second' where id = $1`,
    [id],
  );
  await startDaemon(a);
  expect(await fleetTaskThat(a, id, ended)).toMatchObject({
    attempts: 1,
    failure: { class: 'stopped', message: 'stopped; nothing was heard of host b since' },
  });
  thaw(frozen);
  give(b, 'go');
  await until('b has seen it', async () => runnersOf(b).length === 0);
});
