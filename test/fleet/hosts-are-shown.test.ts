import { expect, test } from 'vitest';
import { REF, succeeded } from '../support/fake-world.ts';
import { fleetOf, fleetTaskThat } from '../support/fleet-worlds.ts';
import { delegate, enqueue, give, noted, startDaemon, tasks, waitsFor } from '../support/queue-world.ts';
import { until } from '../support/world.ts';

// A run, and its work is saved.
test('lists, watch and notifications say on each host which host they speak of', async () => {
  const { hosts } = await fleetOf(2);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  await startDaemon(b);
  const id = await enqueue(a, `${waitsFor(b, 'go')}; echo more > left-over`);
  await until('an agent is at work', () => noted(b, 'go-begun').length > 0);

  for (const world of [a, b]) {
    expect((await tasks(world, '--host', 'b')).map((task) => task.id)).toEqual([id]);
    expect(await tasks(world, '--host', 'a')).toEqual([]);
  }
  expect(await a.kugetsu('queue', 'list', '--host', 'z')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'kugetsu: there is no host z in the fleet\n  run: kugetsu fleet status\n',
  });
  // A daemon says at each look how many agents its host has.
  await until('everybody knows of the agent', async () =>
    succeeded(await a.kugetsu('watch', '--once')).stdout.includes('\thost\tb\t1/3\n'),
  );
  expect(succeeded(await a.kugetsu('queue', 'stats')).stdout).toContain(
    'host a\t0 notified, 0 pending, 0 completed, 0 error\nhost b\t1 notified, 0 pending, 0 completed, 0 error',
  );
  const { stdout } = succeeded(await a.kugetsu('watch', '--once', '--json'));
  expect(JSON.parse(stdout)).toMatchObject({
    fleet: {
      host: 'a',
      hosts: [
        { name: 'a', state: 'up', live: 0, claimed: 0 },
        { name: 'b', state: 'up', live: 1, claimed: 1, silent: false },
      ],
    },
    problems: [],
  });

  give(b, 'go');
  await fleetTaskThat(a, id, ({ state }) => state === 'completed');
  for (const world of [a, b]) {
    expect(await tasks(world, '--host', 'b')).toMatchObject([{ id, state: 'completed', host: 'b' }]);
    expect(await tasks(world, '--host', 'a')).toEqual([]);
    expect(succeeded(await world.kugetsu('queue', 'list', '--all')).stdout).toMatch(/\tb\n$/);
    const ofB = succeeded(await world.kugetsu('queue', 'stats', '--host', 'b')).stdout;
    expect(ofB).toMatch(/^total\t1\n[^]*\nhost b\t0 notified, 0 pending, 1 completed, 0 error\n$/);
    expect(succeeded(await world.kugetsu('queue', 'stats', '--host', 'a')).stdout).toMatch(/^total\t0\n/);
  }
  succeeded(await b.kugetsu('destroy', REF, '-y'));
  const { stdout: news } = succeeded(await a.kugetsu('notify', 'list', '--all', '--type', 'work_saved'));
  expect(news).toContain('to get it back on host b: git ');
  expect(news).toMatch(/\tb\n$/);
  const told = async (host: string): Promise<unknown> => {
    const { stdout: ofHost } = succeeded(
      await a.kugetsu('notify', 'list', '--all', '--host', host, '--json=type,host'),
    );
    return JSON.parse(ofHost);
  };
  expect(await told('a')).toEqual([{ type: 'task_queued', host: 'a' }]);
  expect(await told('b')).toContainEqual({ type: 'work_saved', host: 'b' });
});

// Two runs, and what is told of one while it is on: a claim is kept up every two seconds.
test('the end of a log is shown on every host, and where the whole log is', async () => {
  const { hosts } = await fleetOf(2, { FLEET_LEASE_SECONDS: '10' });
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  await startDaemon(b);
  const pm = await delegate(a, waitsFor(b, 'go'));
  await until('an agent is at work', () => noted(b, 'go-begun').length > 0);
  const events = async (name: string): Promise<readonly unknown[]> =>
    succeeded(await a.kugetsu('logs', name, '--json'))
      .stdout.trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly event?: unknown }).event);
  await until('b has told of it', async () => (await a.kugetsu('logs', pm)).code === 0);
  await until('b has told that it works', async () => (await events(pm)).includes('at_work'));
  expect(await a.kugetsu('logs', pm, '-f')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('follow it on that host; without --follow, its end is shown'),
  });

  give(b, 'go');
  const { run_id: run } = await fleetTaskThat(a, pm, ({ state }) => state === 'completed');
  // The daemon may know of the end before the runner has told it.
  for (const name of [pm, run ?? ''])
    await until('b has told of its end', async () => (await events(name)).at(-1) === 'ended');
  const { stderr } = succeeded(await a.kugetsu('logs', pm));
  expect(stderr).toBe(`this is the end of the log; the whole log is on host b; there, run: kugetsu logs ${run}\n`);
  expect(succeeded(await b.kugetsu('logs', pm)).stderr).toBe('');

  const id = await enqueue(a, 'hello');
  await fleetTaskThat(a, id, ({ state }) => state === 'completed');
  await until('b has told of it', async () => (await a.kugetsu('logs', REF)).stdout.includes('hello'));
  expect(await a.kugetsu('logs', 'r_0mwrzy3vsoanbch2t')).toMatchObject({ code: 1 });
});
