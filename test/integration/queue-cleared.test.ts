import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, issue, succeeded } from '../support/fake-world.ts';
import { editTask, enqueue, finishedTask, queueWorld, task, tasks, taskPath } from '../support/queue-world.ts';
import type { World } from '../support/world.ts';

const daysAgo = (days: number): string => new Date(Date.now() - days * 24 * 60 * 60_000).toISOString();

/** Finished tasks of this age in days, and one that was made long ago and still waits. */
async function queueOf(world: World, ...ages: readonly number[]): Promise<{ finished: string[]; waiting: string }> {
  const finished: string[] = [];
  for (const [index, age] of ages.entries()) {
    const id = await enqueue(world, 'done long ago');
    await editTask(world, id, { state: index % 2 === 0 ? 'completed' : 'error', finished_at: daysAgo(age) });
    finished.push(id);
  }
  const waiting = await enqueue(world, 'still to do');
  await editTask(world, waiting, { created_at: daysAgo(100) });
  return { finished, waiting };
}

async function cleared(world: World, ...options: readonly string[]): Promise<string[]> {
  return JSON.parse(succeeded(await world.kugetsu('queue', 'clear', '--json', ...options)).stdout) as string[];
}

test('clear removes what has been finished for more than a week, and nothing that is not finished', async () => {
  const world = fakeWorld();
  const { finished, waiting } = await queueOf(world, 8, 7.1, 6.9, 0);
  expect(await cleared(world)).toEqual(finished.slice(0, 2));
  expect((await tasks(world)).map(({ id }) => id)).toEqual([...finished.slice(2), waiting]);
  expect(await cleared(world)).toEqual([]);
});

test('QUEUE_CLEANUP_AGE_DAYS is the age', async () => {
  const world = fakeWorld({ QUEUE_CLEANUP_AGE_DAYS: '0.5' });
  const { finished } = await queueOf(world, 1, 0.6, 0.4);
  expect(await cleared(world)).toEqual(finished.slice(0, 2));
});

test('clear --all-finished removes every finished task, however new', async () => {
  const world = fakeWorld();
  const { finished, waiting } = await queueOf(world, 8, 0, 0);
  expect(await cleared(world, '--all-finished')).toEqual(finished);
  expect((await tasks(world)).map(({ id }) => id)).toEqual([waiting]);
});

test('clear says on standard error how many it removed', async () => {
  const world = fakeWorld();
  await queueOf(world, 8);
  const { stdout, stderr } = succeeded(await world.kugetsu('queue', 'clear'));
  expect(stdout).toBe('');
  expect(stderr).toContain('removed 1 finished task');
});

test('a task whose file is damaged is left alone', async () => {
  const world = fakeWorld();
  const { finished } = await queueOf(world, 8);
  const damaged = await enqueue(world, 'damaged');
  writeFileSync(taskPath(world, damaged), '{"id":');
  expect(await cleared(world, '--all-finished')).toEqual(finished);
  expect(existsSync(taskPath(world, damaged))).toBe(true);
});

test('the daemon removes old tasks and old logs by itself, and says so', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  const { finished, waiting } = await queueOf(world, 8, 1);
  // What waits is not to be dispatched here.
  await editTask(world, waiting, { next_attempt_at: new Date(Date.now() + 240_000).toISOString() });
  const log = join(world.home, 'logs', 'r_0mwrzy3vsoanbch2t.log');
  const young = join(world.home, 'logs', 'r_0mwrzy3vsoanbch2u.log');
  for (const path of [log, young]) writeFileSync(path, '');
  utimesSync(log, new Date(), new Date(daysAgo(7.1)));
  utimesSync(young, new Date(), new Date(daysAgo(6.9)));
  const { stderr } = succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(stderr).toContain('removed 1 old tasks and 1 old logs');
  expect((await tasks(world)).map(({ id }) => id)).toEqual([finished[1], waiting]);
  expect([existsSync(log), existsSync(young)]).toEqual([false, true]);
  expect(task(world, waiting).state).toBe('pending');
});

test('among many finished tasks the daemon removes the old ones, and finds the open ones, oldest first', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '5' });
  const first = await enqueue(world, 'fake: reply first', issue(1));
  const template = task(world, first);
  // None of them is the first one's own.
  const begins = `${template.id.slice(0, -4)}${template.id.at(-4) === '0' ? '1' : '0'}`;
  const ids = Array.from({ length: 200 }, (_, number) => `${begins}${String(number).padStart(3, '0')}`);
  for (const [number, id] of ids.entries()) {
    const finished = { ...template, id, state: 'completed', finished_at: daysAgo(number % 2 === 0 ? 8 : 6) };
    writeFileSync(taskPath(world, id), JSON.stringify(finished));
  }
  const damaged = await enqueue(world, 'damaged', issue(2));
  writeFileSync(taskPath(world, damaged), '{"id":');
  const last = await enqueue(world, 'fake: reply last', issue(3));
  const { stderr } = succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(stderr).toContain('removed 100 old tasks and 0 old logs');
  expect(stderr).toContain(`${damaged} skipped: cannot read `);
  const told = [first, last].map((id) => stderr.indexOf(`${id} dispatched`));
  expect(Math.min(...told)).toBeGreaterThan(0);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  const left = ids.filter((id) => existsSync(taskPath(world, id)));
  expect(left).toEqual(ids.filter((_, number) => number % 2 === 1));
  for (const id of [first, last]) expect((await finishedTask(world, id)).state).toBe('completed');
});
