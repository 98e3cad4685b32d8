import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { issue, opencodeCalls, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  delegate,
  enqueue,
  finishedTask,
  notesPath,
  queueWorld,
  startDaemon,
  task,
  tasks,
  taskThat,
} from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
/** A message whose agent does not end before a file of this name is there. */
const waitsFor = (world: World, name: string): string =>
  `fake: sh until [ -e '${notesPath(world, name)}' ]; do sleep 0.05; done`;

async function sessionsOfRuns(world: World): Promise<(string | undefined)[]> {
  const runs = opencodeCalls(world).filter(([command]) => command === 'run');
  return runs.map((args) => args[args.indexOf('--session') + 1]);
}

test('a failed task goes again in its session, with another message, and a daemon that is up takes it', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, 'fake: error-status 401');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'error', failure: { class: 'no_credentials' } });
  const told = new RegExp(`${id} ended in error in 1 attempt, .* after it was queued \\(no_credentials\\): `);
  await until('the log says so', () => told.test(daemonLog(world)));
  const { stdout } = succeeded(await world.kugetsu('queue', 'retry', id, '--message', 'hello'));
  expect(stdout.trim()).toBe(id);
  const done = await taskThat(world, id, ({ state }) => state === 'completed');
  expect(done).toMatchObject({ attempts: 1, message: 'hello' });
  const sessions = await sessionsOfRuns(world);
  expect(sessions.at(-1)).toBe(sessions.at(-2));
});

test('all that failed in one way go again; what has not ended, and what is not there, is refused', async () => {
  const world = await queueWorld();
  const ids = [await enqueue(world, 'a'), await enqueue(world, 'b', issue(2)), await enqueue(world, 'c', issue(3))];
  succeeded(await world.kugetsu('queue', 'cancel', ids[0] ?? '', ids[1] ?? ''));
  expect(succeeded(await world.kugetsu('queue', 'retry', '--all-failed', '--class', 'no_credentials')).stdout).toBe('');
  succeeded(await world.kugetsu('queue', 'retry', '--all-failed', '--class', 'cancelled'));
  expect((await tasks(world)).map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
  const open = await world.kugetsu('queue', 'retry', ids[2] ?? '');
  expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('has not ended: it is pending') });
  expect((await world.kugetsu('queue', 'retry', 'q_0mwrzy3vsoanbch2t')).stderr).toContain('there is no task');
  expect((await world.kugetsu('queue', 'retry')).code).toBe(2);
  expect((await world.kugetsu('queue', 'retry', ids[2] ?? '', '--message', ' ')).code).toBe(2);
});

test('a PM task that waits for others waits again for a child that goes again', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const fails = `kugetsu queue enqueue '${issue(2)}' 'fake: error-status 401'`;
  const waits = `kugetsu queue enqueue '${issue(3)}' ${quoted('fake: error-status 401')} --at +1h`;
  const id = await delegate(world, `fake: sh ${fails} && ${waits}`);
  const waiting = await taskThat(world, id, ({ children }) => children[0]?.outcome === 'failed');
  const [child = '', late = ''] = waiting.children.map((each) => each.id);
  succeeded(await world.kugetsu('queue', 'retry', child, '--message', 'hello'));
  await taskThat(world, id, ({ children }) => children[0]?.outcome === 'succeeded');
  expect(task(world, id).state).toBe('notified');
  succeeded(await world.kugetsu('queue', 'cancel', late));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'error', failure: { class: 'child_stopped' } });
  // The PM task goes again itself, and is not held to what was cancelled.
  succeeded(await world.kugetsu('queue', 'retry', id, '--message', 'hello'));
  expect(await taskThat(world, id, ({ state }) => state === 'completed')).toMatchObject({ attempts: 1 });
  expect(existsSync(notesPath(world, 'never'))).toBe(false);
});

test('a task that failed with the one that it comes after goes again only with that one', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const first = await enqueue(world, waitsFor(world, 'key'));
  const { stdout } = succeeded(await world.kugetsu('queue', 'enqueue', issue(2), 'hello', '--after', first));
  const second = stdout.trim();
  succeeded(await world.kugetsu('queue', 'cancel', first, '-y'));
  expect(await finishedTask(world, second)).toMatchObject({ failure: { class: 'dependency_failed' } });
  const alone = await world.kugetsu('queue', 'retry', second);
  expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining(`kugetsu queue retry ${first} ${second}`) });
  succeeded(await world.kugetsu('queue', 'retry', first, second, '--message', 'hello'));
  expect(await taskThat(world, second, ({ state }) => state === 'completed')).toMatchObject({
    after: [{ id: first, outcome: 'succeeded' }],
  });
});

test('two at once: it goes again once, and with a cancel beside it is as the last one has left it', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'hello');
  succeeded(await world.kugetsu('queue', 'cancel', id));
  const both = await Promise.all([world.kugetsu('queue', 'retry', id), world.kugetsu('queue', 'retry', id)]);
  const codes = both.map(({ code }) => code).toSorted((one, other) => one - other);
  // Each may have found it ended and the other's change already made, which is the same one.
  expect([0, 1]).toContain(codes[1]);
  expect(codes[0]).toBe(0);
  expect(task(world, id)).toMatchObject({ state: 'pending', failure: null, finished_at: null });
  succeeded(await world.kugetsu('queue', 'cancel', id));
  const [again, cancelled] = await Promise.all([
    world.kugetsu('queue', 'retry', id),
    world.kugetsu('queue', 'cancel', id),
  ]);
  expect(again.code).toBe(0);
  expect(task(world, id).state).toBe(cancelled.code === 0 ? 'error' : 'pending');
});
