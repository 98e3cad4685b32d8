import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, listedIssue, REF, succeeded } from '../support/fake-world.ts';
import { fleetOf, fleetTaskThat, runnersOf } from '../support/fleet-worlds.ts';
import {
  daemonLog,
  delegate,
  enqueue,
  give,
  noted,
  queueWorld,
  startDaemon,
  task,
  tasks,
  waitsFor,
} from '../support/queue-world.ts';
import { itemWith } from '../unit/support/queue-items.ts';
import { BUNDLE, calledBy, until, type World } from '../support/world.ts';

const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

/** Of a fleet of two. */
async function pair(env: Readonly<Record<string, string>> = {}): Promise<readonly [World, World, string]> {
  const { hosts, url } = await fleetOf(2, env);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  return [a, b, url];
}

// Three daemons begin, one after the other.
test('a task that one host queues is done by another one, which has its issue from then on', async () => {
  const [a, b] = await pair();
  const first = await enqueue(a, 'hello');
  await startDaemon(b);
  await fleetTaskThat(a, first, completed);
  expect(await listedIssue(b)).toMatchObject({ state: 'idle' });
  succeeded(await b.kugetsu('queue-daemon', 'stop'));
  await startDaemon(a);
  const second = await enqueue(a, 'and again');
  await until('a knows whose it is', async () =>
    (await a.kugetsu('queue', 'explain', second)).stdout.includes('waits for host b, which has the work on its issue'),
  );
  await startDaemon(b);
  expect(await fleetTaskThat(a, second, completed)).toMatchObject({ attempts: 1 });
  // What happened there is told here.
  const { stdout } = succeeded(await a.kugetsu('notify', 'list', '--all', '--type', 'task_completed', '--json'));
  expect((JSON.parse(stdout) as { readonly task: string }[]).map(({ task: id }) => id).toSorted()).toEqual([
    first,
    second,
  ]);
});

test('an issue that another host has is not started here, and is free when that has destroyed it', async () => {
  const [a, b] = await pair();
  succeeded(await b.kugetsu('start', REF, 'hello', '--follow'));
  for (const verb of ['start', 'continue']) {
    expect(await a.kugetsu(verb, REF, 'hello')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`${REF} belongs to host b, which has its session and worktree`),
    });
  }
  expect(await b.kugetsu('continue', REF, 'and again', '--follow')).toMatchObject({ code: 0 });
  expect(await a.kugetsu('fleet', 'move', REF, '--to', 'z')).toMatchObject({ code: 1 });
  succeeded(await a.kugetsu('fleet', 'move', REF, '--to', 'a'));
  expect(await b.kugetsu('continue', REF, 'no more')).toMatchObject({ code: 4 });
  succeeded(await a.kugetsu('fleet', 'move', REF));
  succeeded(await b.kugetsu('continue', REF, 'once more', '--follow'));
  succeeded(await b.kugetsu('destroy', REF, '-y'));
  succeeded(await a.kugetsu('start', REF, 'hello', '--follow'));
});

test('a PM task is done by whoever is free, and waits for what it has started on other hosts', async () => {
  const [a, b] = await pair();
  const id = await delegate(b, `fake: sh kugetsu queue enqueue '${issue(2)}' hello`);
  await startDaemon(a);
  await until('the PM agent is done', async () => (await tasks(b)).some(({ parent }) => parent === id));
  await startDaemon(b);
  const done = await fleetTaskThat(b, id, completed);
  expect(done.children).toMatchObject([{ outcome: 'succeeded' }]);
});

// Two runs, and a look of the daemon for each change.
test('a host that drains takes no new task, and its agents go on; status says who is there', async () => {
  const [a, b] = await pair();
  const working = await enqueue(a, waitsFor(a, 'go'));
  await startDaemon(a);
  await until('an agent is at work', () => noted(a, 'go-begun').length > 0);
  succeeded(await b.kugetsu('fleet', 'drain', 'a'));
  const next = await enqueue(b, 'hello', issue(2));
  await until('a says why it waits', async () =>
    (await a.kugetsu('queue', 'explain', next)).stdout.includes('host a takes no new tasks'),
  );
  const { stdout } = succeeded(await b.kugetsu('fleet', 'status', '--json'));
  expect(JSON.parse(stdout)).toMatchObject({
    host: 'b',
    hosts: [
      { name: 'a', state: 'draining', claimed: 1 },
      { name: 'b', state: 'up', claimed: 0 },
    ],
  });
  const lines = succeeded(await b.kugetsu('queue', 'list'))
    .stdout.trim()
    .split('\n');
  expect(lines.map((line) => line.split('\t').at(-1))).toEqual(['HOST', 'a', '-'].slice(lines.length === 3 ? 0 : 1));
  give(a, 'go');
  await fleetTaskThat(b, working, completed);
  succeeded(await a.kugetsu('fleet', 'drain', '--undo'));
  await fleetTaskThat(b, next, completed);
  expect((await b.kugetsu('fleet', 'drain', 'z')).stderr).toContain('there is no host z in the fleet');
});

// It waits for the shortest lease that there is, ten seconds.
test('what a killed host was at is taken over when its claim runs out, and what it says later does not count', async () => {
  const [a, b] = await pair({ FLEET_LEASE_SECONDS: '10' });
  const id = await delegate(b, waitsFor(b, 'go'));
  const daemon = await startDaemon(b);
  await until('the PM agent is at work', () => noted(b, 'go-begun').length > 0);
  // As when its machine is frozen: nothing of it runs, and nothing of it is ended.
  const frozen = [daemon, ...runnersOf(b)];
  for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  await startDaemon(a);
  await until('a has taken it', () => daemonLog(a).includes(`${id} taken from host b: its claim ran out`));
  // The agent that a has given it to waits for the same file.
  await until('another agent is at work', () => noted(b, 'go-begun').length > 1);
  give(b, 'go');
  const done = await fleetTaskThat(a, id, completed);
  expect(done).toMatchObject({ attempts: 2, failure: null });
  for (const pid of frozen) process.kill(pid, 'SIGCONT');
  await until('b has seen it', () => runnersOf(b).length === 0);
  expect(await fleetTaskThat(b, id, completed)).toMatchObject({ attempts: 2, run_id: done.run_id });
});

test('who joins brings what waits, and who leaves takes the tasks of its issues along', async () => {
  const { hosts, url } = await fleetOf(1);
  const [a] = hosts;
  if (a === undefined) throw new Error('one was asked for');
  const b = await queueWorld();
  const waiting = await enqueue(b, 'hello');
  const { stderr } = succeeded(await b.kugetsu('fleet', 'join', url, '--name', 'B'));
  expect(stderr).toContain('this home is host b of the fleet at ');
  expect(stderr).toContain('1 task handed over');
  expect(statSync(join(b.home, 'queue', 'fleet.json')).mode & 0o777).toBe(0o600);
  await startDaemon(b);
  await fleetTaskThat(a, waiting, completed);
  succeeded(await b.kugetsu('queue-daemon', 'stop'));
  const own = await enqueue(b, 'more');
  const other = await enqueue(b, 'hello', issue(2));
  // As when the server was away, and nothing has handed it over since.
  const kept = itemWith({ id: 'q_0mwrzy3vsoanbch2t', issue_ref: REF });
  mkdirSync(join(b.home, 'queue', 'outbox'));
  writeFileSync(join(b.home, 'queue', 'outbox', `${kept.id}.json`), JSON.stringify(kept));
  expect(succeeded(await b.kugetsu('fleet', 'leave')).stderr).toBe(
    'this home is no longer host b of the fleet; 2 tasks came along\n',
  );
  expect(task(b, kept.id)).toMatchObject({ state: 'pending' });
  expect(task(b, own)).toMatchObject({ state: 'pending', message: 'more' });
  expect((await tasks(a)).map(({ id }) => id).toSorted()).toEqual([other, waiting].toSorted());
  expect(await b.kugetsu('fleet', 'status')).toMatchObject({ code: 1, stdout: '' });
  expect(succeeded(await b.kugetsu('queue', 'explain', own)).stdout).not.toContain('host');
});

test('who cannot join is told why, and has changed nothing', async () => {
  const { hosts, url } = await fleetOf(1);
  const world = await queueWorld();
  const joining = async (...args: readonly string[]): Promise<unknown> => world.kugetsu('fleet', 'join', ...args);
  expect(await joining(url, '--name', 'a')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('another home is host a'),
  });
  expect(await joining('mysql://x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('not the URL of a PostgreSQL server'),
  });
  const nowhere = 'postgres://me:s3cretword@127.0.0.1:1/db';
  expect(await joining(nowhere)).toEqual({
    code: 4,
    stdout: '',
    stderr:
      "kugetsu: the fleet's queue cannot be reached: connection refused (127.0.0.1:1)\n  check the URL, and run the same command again\n",
  });
  await startDaemon(world);
  expect(await joining(url, '--name', 'c')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('the queue daemon is running'),
  });
  const id = await enqueue(world, 'hello');
  expect(task(world, id)).toMatchObject({ id, issue_ref: REF });
  expect(hosts).toHaveLength(1);
});

// Each of its calls starts Node.
test('the bundle for Node is a host like any other', async () => {
  const { hosts, url } = await fleetOf(1);
  const [a] = hosts;
  if (a === undefined) throw new Error('one was asked for');
  const b = calledBy(await queueWorld(), BUNDLE);
  succeeded(await b.kugetsu('fleet', 'join', url, '--name', 'b'));
  await startDaemon(b);
  const id = await delegate(a, `fake: sh kugetsu queue enqueue '${issue(2)}' hello`);
  expect(await fleetTaskThat(b, id, completed)).toMatchObject({ attempts: 1, children: [{ outcome: 'succeeded' }] });
  expect(await delegate(b, 'hello')).toMatch(/^q_/);
});
