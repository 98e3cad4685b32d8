import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, REF, succeeded } from '../support/fake-world.ts';
import { daemonLog, daemonPid, enqueue, queueWorld, startDaemon, task, tasks } from '../support/queue-world.ts';
import { processesOf, until } from '../support/world.ts';

test('tasks wait unclaimed, without a flood of notifications, while kugetsu is not initialised', async () => {
  const world = fakeWorld();
  const id = await enqueue(world, 'hello');
  await startDaemon(world);
  await until('the daemon says why nothing happens', () => daemonLog(world).includes('kugetsu_not_initialized'));
  // Looking again must not claim it either.
  await enqueue(world, 'another', REF.replace('#1', '#2'));
  // It may be woken more than once by one task.
  await until('it has looked again', () => (daemonLog(world).match(/kugetsu_not_initialized/g) ?? []).length >= 2);
  expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0, run_id: null });
  const { stdout } = await world.kugetsu('notify', 'list', '--json');
  expect((JSON.parse(stdout) as { readonly type: string }[]).map(({ type }) => type)).toEqual([
    'task_queued',
    'task_queued',
  ]);
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
});

test('a daemon whose lock was taken away ends by itself, so that there are never two', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const first = await daemonPid(world);
  rmSync(join(world.home, 'queue', 'daemon.lock'));
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  expect(await daemonPid(world)).not.toBe(first);
  const id = await enqueue(world, 'hello');
  await until('the first daemon is gone', () => !processesOf(world.root).some(({ pid }) => pid === first));
  await until('the task is done', async () => (await tasks(world)).every(({ state }) => state === 'completed'));
  expect(task(world, id).attempts).toBe(1);
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
});
