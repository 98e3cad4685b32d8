// Slow: each kind of damage is found, told and outlived by a daemon.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, runOf, sessionFile, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  enqueue,
  finishedTask,
  give,
  noted,
  queueWorld,
  startDaemon,
  taskPath,
  waitsFor,
} from '../support/queue-world.ts';
import { until } from '../support/world.ts';

const DAMAGED = '{"id": "q_0';

test('a damaged task holds up no other, is named in the log, and stays as it is', async () => {
  const world = await queueWorld();
  const damaged = await enqueue(world, 'damaged');
  writeFileSync(taskPath(world, damaged), DAMAGED);
  await startDaemon(world);
  const id = await enqueue(world, 'hello', issue(2));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(daemonLog(world)).toContain(`${damaged} skipped: cannot read ${taskPath(world, damaged)}`);
  expect(readFileSync(taskPath(world, damaged), 'utf8')).toBe(DAMAGED);
});

test('the damaged session file of an issue that is being worked on holds up no task of another issue', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const first = await enqueue(world, waitsFor(world, 'go'));
  await until('the first agent is at work', () => noted(world, 'go-begun').length === 1);
  // The agent may have begun before its runner has written that down.
  await until('it is said to be', async () => (await runOf(world)).phase === 'working');
  const whole = readFileSync(sessionFile(world), 'utf8');
  writeFileSync(sessionFile(world), '{');
  const second = await enqueue(world, 'hello', issue(2));
  expect(await finishedTask(world, second)).toMatchObject({ state: 'completed', attempts: 1 });
  // The run has a record of its own, so the task can be told; the damage is told by what needs the session.
  expect(await world.kugetsu('queue', 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining(first) });
  const { code, stderr } = await world.kugetsu('list');
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(sessionFile(world)) });
  writeFileSync(sessionFile(world), whole);
  give(world, 'go');
  expect(await finishedTask(world, first)).toMatchObject({ state: 'completed', attempts: 1 });
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
});

test('the daemon can be stopped and restarted although a task is damaged', async () => {
  const world = await queueWorld();
  writeFileSync(taskPath(world, await enqueue(world, 'damaged')), DAMAGED);
  await startDaemon(world);
  expect(await world.kugetsu('queue-daemon', 'restart')).toMatchObject({ code: 0 });
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(0);
  expect(await world.kugetsu('queue-daemon', 'stop')).toMatchObject({ code: 0 });
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
});

test('queue list names the damaged file, and lists the other tasks', async () => {
  const world = await queueWorld();
  const damaged = await enqueue(world, 'damaged');
  const sound = await enqueue(world, 'sound');
  writeFileSync(taskPath(world, damaged), DAMAGED);
  const { stdout, stderr } = await world.kugetsu('queue', 'list', '--json');
  expect(stderr).toContain(taskPath(world, damaged));
  expect((JSON.parse(stdout) as { readonly id: string }[]).map(({ id }) => id)).toEqual([sound]);
});

test("the daemon's log is put aside when it has grown past a megabyte, and logs shows the end of both", async () => {
  const world = await queueWorld();
  const path = join(world.home, 'queue', 'daemon.log');
  await enqueue(world, 'hello');
  const line = `2026-03-29T18:16:10+02:00 ${'x'.repeat(99)}\n`;
  writeFileSync(path, line.repeat(9000));
  expect(statSync(path).size).toBeGreaterThan(1024 * 1024);
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(statSync(`${path}.1`).size).toBe(line.length * 9000);
  expect(statSync(path).size).toBeLessThan(10_000);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { stdout } = succeeded(await world.kugetsu('queue-daemon', 'logs', '100'));
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(100);
  expect(lines[0]).toBe(line.trim());
  expect(lines.at(-1)).toMatch(/ done$/);
  const few = succeeded(await world.kugetsu('queue-daemon', 'logs', '2'))
    .stdout.trimEnd()
    .split('\n');
  expect(few).toEqual(lines.slice(-2));
});

test('a log that is small enough goes on', async () => {
  const world = await queueWorld();
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(existsSync(join(world.home, 'queue', 'daemon.log.1'))).toBe(false);
  expect(daemonLog(world).match(/queue daemon started/g)).toHaveLength(2);
});
