import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** An agent whose model refuses the key until there is a file of this name. */
const needsKey = (world: World): string => `fake: needs-file 401 ${notesPath(world, 'key')}`;

const runs = (world: World): number => opencodeCalls(world).filter(([command]) => command === 'run').length;

async function broken(world: World): Promise<void> {
  await until('the queue takes a break', () => daemonLog(world).includes('the queue takes a break'));
}

// Eight runs, one after the other: with a slot for each, all would be at work before anything is known.
test('five tasks without credentials: the last two are not even tried, and with credentials all five are done', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1', BREAKER_MINUTES: '600' });
  const before = runs(world);
  const ids: string[] = [];
  for (const number of [1, 2, 3, 4, 5]) ids.push(await enqueue(world, needsKey(world), issue(number)));
  await startDaemon(world);
  await broken(world);
  await until('all five wait', () => ids.every((id) => task(world, id).state === 'pending'));
  expect(runs(world) - before).toBe(3);
  expect(ids.map((id) => task(world, id).attempts)).toEqual([0, 0, 0, 0, 0]);
  const { stdout } = succeeded(await world.kugetsu('queue', 'explain', ids[4] ?? ''));
  expect(stdout).toContain('3 tasks in a row ended with no_credentials');
  expect((await world.kugetsu('status')).stderr).toContain('3 tasks in a row ended with no_credentials');
  expect((await world.kugetsu('queue', 'list')).stderr).toContain('kugetsu queue resume');
  const news = succeeded(await world.kugetsu('notify', 'list', '--all')).stdout;
  expect(news.match(/3 tasks in a row ended with no_credentials/g)).toHaveLength(1);
  writeFileSync(notesPath(world, 'key'), '');
  succeeded(await world.kugetsu('queue', 'resume'));
  for (const id of ids) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(existsSync(join(world.home, 'queue', 'breaker.json'))).toBe(false);
});

// Several runs, one after the other.
test('after the break one task is tried, and when that fails the next break is longer; then all go on', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '3', BREAKER_FAILURES: '2', BREAKER_MINUTES: '0.01' });
  const ids: string[] = [];
  for (const number of [1, 2, 3, 4]) ids.push(await enqueue(world, needsKey(world), issue(number)));
  succeeded(await world.kugetsu('queue', 'pause'));
  await startDaemon(world);
  succeeded(await world.kugetsu('queue', 'resume'));
  // No task ends in error, however often one is tried in vain.
  await until('three breaks', () => daemonLog(world).split('the queue takes a break').length > 3);
  expect((await tasks(world)).filter(({ state }) => state === 'error')).toEqual([]);
  writeFileSync(notesPath(world, 'key'), '');
  for (const id of ids) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
});

// Several runs, one after the other.
test('a PM task that waits for them is done when they are', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1', BREAKER_FAILURES: '2', BREAKER_MINUTES: '600' });
  await startDaemon(world);
  const enqueues = [1, 2].map((number) => `kugetsu queue enqueue '${issue(number)}' '${needsKey(world)}'`);
  const parent = await delegate(world, `fake: sh ${enqueues.join(' && ')}`);
  await broken(world);
  await until('both wait', async () => {
    const found = (await tasks(world)).filter(({ type, state }) => type === 'issue' && state === 'pending');
    return found.length === 2;
  });
  expect(task(world, parent)).toMatchObject({ state: 'notified' });
  writeFileSync(notesPath(world, 'key'), '');
  succeeded(await world.kugetsu('queue', 'resume'));
  expect(await finishedTask(world, parent)).toMatchObject({ state: 'completed' });
});

// Several runs, one after the other.
test('a task that came after one that failed waits again with it', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1', BREAKER_FAILURES: '2', BREAKER_MINUTES: '600' });
  const first = await enqueue(world, needsKey(world), issue(1));
  const later = succeeded(await world.kugetsu('queue', 'enqueue', issue(3), 'hello', '--after', first)).stdout.trim();
  await startDaemon(world);
  await taskThat(world, later, ({ state }) => state === 'error');
  await enqueue(world, needsKey(world), issue(2));
  await broken(world);
  await taskThat(world, later, ({ state, attempts }) => state === 'pending' && attempts === 0);
  writeFileSync(notesPath(world, 'key'), '');
  succeeded(await world.kugetsu('queue', 'resume'));
  expect(await finishedTask(world, later)).toMatchObject({ state: 'completed' });
});

// Several runs, one after the other.
test('failures of different kinds, and a person who stops an agent, are no reason for a break', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1', BREAKER_FAILURES: '2' });
  await startDaemon(world);
  for (const [number, message] of [
    [1, 'fake: error-status 401'],
    [2, 'fake: length'],
    [3, 'fake: error-status 401'],
    [4, 'hello'],
    [5, 'fake: error-status 401'],
  ] as const) {
    await finishedTask(world, await enqueue(world, message, issue(number)));
  }
  expect(daemonLog(world)).not.toContain('the queue takes a break');
});
