import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, listedIssue, REF, saidIn, succeeded } from '../support/fake-world.ts';
import {
  enqueue,
  finishedTask,
  give,
  noted,
  notes,
  notesPath,
  queueWorld,
  startDaemon,
  task,
  waitsFor,
} from '../support/queue-world.ts';
import { until } from '../support/world.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('an enqueue wakes the daemon: a task is done long before the interval is over', async () => {
  const world = await queueWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60' });
  await startDaemon(world);
  await until('the daemon has looked once and sleeps', async () => {
    const { stdout } = succeeded(await world.kugetsu('queue-daemon', 'logs'));
    return stdout.includes('queue daemon started');
  });
  for (const n of [1, 2]) {
    const id = await enqueue(world, 'hello', issue(n));
    expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  }
});

test('with a daemon, enqueue has nothing to say on standard error', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const { stdout, stderr } = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'hello'));
  expect(stderr).toBe('');
  await finishedTask(world, stdout.trim());
});

test('tasks are begun in the order of the queue', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  const ids: string[] = [];
  for (const n of numbers(4)) ids.push(await enqueue(world, notes(world, 'order', String(n)), issue(n)));
  await startDaemon(world);
  for (const id of ids) expect((await finishedTask(world, id)).state).toBe('completed');
  expect(noted(world, 'order')).toEqual(['1', '2', '3', '4']);
});

test('no more agents are at work than there are slots; waiting for one is no attempt', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '2' });
  await startDaemon(world);
  const log = notesPath(world, 'log');
  const work = `fake: sh echo + >> '${log}'; until [ -e '${notesPath(world, 'go')}' ]; do sleep 0.05; done; echo - >> '${log}'`;
  const ids = await Promise.all(numbers(5).map(async (n) => enqueue(world, work, issue(n))));
  await until('two are at work', () => noted(world, 'log').length === 2);
  const states = ids.map((id) => task(world, id)).map(({ state, attempts }) => `${state} ${attempts}`);
  expect(states.toSorted()).toEqual(['notified 1', 'notified 1', 'pending 0', 'pending 0', 'pending 0']);
  give(world, 'go');
  for (const id of ids) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  let now = 0;
  expect(Math.max(...noted(world, 'log').map((sign) => (now += sign === '+' ? 1 : -1)))).toBe(2);
});

test('a task waits for the slot of an agent that was started by hand', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  await startDaemon(world);
  succeeded(await world.kugetsu('start', issue(1), waitsFor(world, 'by-hand')));
  const id = await enqueue(world, notes(world, 'queued'), issue(2));
  await until('the agent by hand works', () => noted(world, 'by-hand-begun').length === 1);
  expect(noted(world, 'queued')).toEqual([]);
  give(world, 'by-hand');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
});

test('a second task of an issue waits for the first, and goes on in its session and its worktree', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const first = await enqueue(world, `${waitsFor(world, 'go')}; echo made > made.txt`);
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  const { session_id: session } = await listedIssue(world);
  const second = await enqueue(world, 'fake: sh cat made.txt');
  const other = await enqueue(world, 'hello', issue(2));
  // The later task of another issue is not held up.
  expect((await finishedTask(world, other)).state).toBe('completed');
  expect(task(world, second)).toMatchObject({ state: 'pending', attempts: 0 });
  give(world, 'go');
  await finishedTask(world, first);
  expect(await finishedTask(world, second)).toMatchObject({ state: 'completed', reply: 'It printed: made' });
  const listed = await listedIssue(world);
  expect(listed).toMatchObject({ session_id: session, run: { kind: 'continue' } });
  const said = saidIn(world, session ?? '');
  // Before each message stands where the agent is.
  const asked = [first, second].map((id) => said.findIndex((text) => text.endsWith(`\n\n${task(world, id).message}`)));
  expect(asked.every((index) => index > 0)).toBe(true);
  expect(asked).toEqual(asked.toSorted((a, b) => a - b));
});

test('MAX_CONCURRENT_AGENTS is read anew: more slots serve the tasks that wait', async () => {
  const world = await queueWorld();
  const config = join(world.home, 'config');
  writeFileSync(config, 'MAX_CONCURRENT_AGENTS=1\n');
  await startDaemon(world);
  const first = await enqueue(world, waitsFor(world, 'go'), issue(1));
  const second = await enqueue(world, notes(world, 'second'), issue(2));
  await until('the first works', () => noted(world, 'go-begun').length === 1);
  writeFileSync(config, 'MAX_CONCURRENT_AGENTS=2\n');
  const third = await enqueue(world, notes(world, 'third'), issue(3));
  for (const id of [second, third]) expect((await finishedTask(world, id)).state).toBe('completed');
  expect(task(world, first).state).toBe('notified');
  give(world, 'go');
  await finishedTask(world, first);
});
