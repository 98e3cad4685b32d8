import { expect, test } from 'vitest';
import { issue, REF, runOf, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  daemonPid,
  delegate,
  enqueue,
  finishedTask,
  give,
  noted,
  notesPath,
  queueWorld,
  startDaemon,
  task,
  taskThat,
  waitsFor,
} from '../support/queue-world.ts';
import { recordIn } from '../support/run-records.ts';
import { killed, until, type World } from '../support/world.ts';

test('the daemon is killed while an agent works: a new one starts at once, and the task is done once', async () => {
  const world = await queueWorld();
  const first = await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  await killed(first);
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
  const second = await startDaemon(world);
  expect(second).not.toBe(first);
  const other = await enqueue(world, 'hello', issue(2));
  expect(await finishedTask(world, other)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(task(world, id)).toMatchObject({ state: 'notified', attempts: 1 });
  give(world, 'go');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(noted(world, 'go-begun')).toEqual(['begun']);
});

test('the daemon is killed, and the agent ends before a new one starts: the task is settled all the same', async () => {
  const world = await queueWorld();
  const daemon = await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  await killed(daemon);
  give(world, 'go');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
});

// The first agent notes that it has begun and hangs; the second finds the note and is done.
const hangsOnce = (world: World): string => {
  const begun = notesPath(world, 'begun');
  return `fake: sh if [ -e '${begun}' ]; then echo again >> '${begun}'; else echo begun >> '${begun}'; sleep 600; fi`;
};

// Slow: a killed runner changes no file, so the daemon finds out when it looks every ten seconds.
test('the runner is killed: the daemon notices by itself, and the second attempt goes on', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, hangsOnce(world));
  await until('the agent works', () => noted(world, 'begun').length === 1);
  const { id: firstRun, owner } = await runOf(world);
  await killed(owner.pid);
  const item = await finishedTask(world, id);
  expect(item).toMatchObject({ state: 'completed', attempts: 2, failure: null });
  expect(item.run_id).not.toBe(firstRun);
  expect(noted(world, 'begun')).toEqual(['begun', 'again']);
});

test('runner and daemon are killed: the next daemon counts the attempt and tries again', async () => {
  const world = await queueWorld();
  const daemon = await startDaemon(world);
  const id = await enqueue(world, hangsOnce(world));
  await until('the agent works', () => noted(world, 'begun').length === 1);
  // Asked before the kills: looking settles what died.
  const { owner } = await runOf(world);
  await killed(daemon);
  await killed(owner.pid);
  expect(await startDaemon(world)).not.toBe(daemon);
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 2 });
  expect(noted(world, 'begun')).toEqual(['begun', 'again']);
  expect(daemonLog(world)).toContain('(attempt 2)');
});

test("a PM task's runner is killed: the attempt counts, and the second goes on in the same session", async () => {
  const world = await queueWorld();
  const daemon = await startDaemon(world);
  const id = await delegate(world, hangsOnce(world));
  await until('the PM agent works', () => noted(world, 'begun').length === 1);
  const first = await taskThat(world, id, ({ session_id: session }) => session !== null);
  await until('the run is at work', () => recordIn(world, first.run_id ?? '').status.phase === 'working');
  await killed(recordIn(world, first.run_id ?? '').owner.pid);
  await killed(daemon);
  await startDaemon(world);
  const item = await finishedTask(world, id);
  expect(item).toMatchObject({ state: 'completed', attempts: 2, session_id: first.session_id });
  expect(noted(world, 'begun')).toEqual(['begun', 'again']);
});

test('a task of an issue that is started by hand meanwhile waits for it, without an attempt', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'by-hand')));
  await until('the agent works', () => noted(world, 'by-hand-begun').length === 1);
  const id = await enqueue(world, 'hello');
  // A later task of another issue is not held up; when it is done, this one was looked at, too.
  await finishedTask(world, await enqueue(world, 'hello', issue(2)));
  expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0 });
  give(world, 'by-hand');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(await daemonPid(world)).toBeGreaterThan(0);
});
