import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dispatchItem } from '../../src/domain/daemon/dispatch.ts';
import { contextOf } from '../support/context-of.ts';
import { issue, readJson, REF, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  daemonPid,
  DEAD,
  enqueue,
  finishedTask,
  noted,
  notes,
  notesPath,
  queueWorld,
  give,
  startDaemon,
  task,
  waitsFor,
} from '../support/queue-world.ts';
import { killed, killQuietly, processesOf, until, type World } from '../support/world.ts';

const daemonsOf = (world: World): number[] =>
  processesOf(world.root)
    .filter(({ command }) => command.includes('queue-daemon run'))
    .map(({ pid }) => pid);

interface DaemonLock {
  readonly owner: { readonly pid: number; readonly process_start: string; readonly boot_id: string };
}

const lockPath = (world: World): string => join(world.home, 'queue', 'daemon.lock');

test('a second start finds the daemon of the first', async () => {
  const world = await queueWorld();
  const first = succeeded(await world.kugetsu('queue-daemon', 'start'));
  const pid = await daemonPid(world);
  expect(first.stderr).toContain(`queue daemon started (pid ${pid})`);
  const second = succeeded(await world.kugetsu('queue-daemon', 'start'));
  expect(second.stderr).toContain(`queue daemon is already running (pid ${pid})`);
  expect(daemonsOf(world)).toEqual([pid]);
  expect(readFileSync(join(world.home, 'queue', 'daemon.pid'), 'utf8')).toBe(`${pid}\n`);
});

test('of four starts at once one becomes the daemon, and all four succeed', async () => {
  const world = await queueWorld();
  const outcomes = await Promise.all([1, 2, 3, 4].map(async () => world.kugetsu('queue-daemon', 'start')));
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const pid = await daemonPid(world);
  for (const { stderr } of outcomes) expect(stderr).toContain(`(pid ${pid})`);
  await until('the others have gone', () => daemonsOf(world).length === 1);
  expect(daemonsOf(world)).toEqual([pid]);
});

test('a daemon in the foreground refuses to be the second one, with exit code 4', async () => {
  const world = await queueWorld();
  const pid = await startDaemon(world);
  const { code, stderr } = await world.kugetsu('queue-daemon', 'run');
  expect(code).toBe(4);
  expect(stderr).toContain(`running already (pid ${pid}`);
  expect(await daemonPid(world)).toBe(pid);
});

test('a daemon whose lock another one has takes no task any more, and ends', async () => {
  const world = await queueWorld();
  const first = await startDaemon(world);
  onTestFinished(() => killQuietly(first));
  // It cannot look before there is a second one, and something to do. Nobody but a person removes the lock.
  process.kill(first, 'SIGSTOP');
  rmSync(lockPath(world));
  const second = await startDaemon(world);
  expect(new Set(daemonsOf(world))).toEqual(new Set([first, second]));
  const ids = await Promise.all([1, 2, 3].map(async (n) => enqueue(world, notes(world, `task-${n}`), issue(n))));
  process.kill(first, 'SIGCONT');
  await until('the first one has gone', () => !daemonsOf(world).includes(first), 60_000);
  expect(daemonLog(world)).toContain('this process is no longer the daemon');
  for (const [index, id] of ids.entries()) {
    expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
    expect(noted(world, `task-${index + 1}`)).toEqual(['begun']);
  }
  // It has not taken the other one's lock along.
  expect(await daemonPid(world)).toBe(second);
});

test('of those who have chosen the same task at the same moment, one takes it', async () => {
  const world = await queueWorld();
  const context = await contextOf(world);
  const chosen = task(world, await enqueue(world, notes(world, 'task')));
  const outcomes = await Promise.all([1, 2, 3].map(async () => dispatchItem(context, chosen)));
  expect(outcomes.map(({ news }) => news).toSorted()).toEqual([
    expect.stringMatching(/^dispatched as r_\w+ \(attempt 1\)$/),
    'taken by another process',
    'taken by another process',
  ]);
  expect(await finishedTask(world, chosen.id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(noted(world, 'task')).toEqual(['begun']);
});

test('status says by its exit code whether the daemon is running', async () => {
  const world = await queueWorld();
  expect(await world.kugetsu('queue-daemon', 'status')).toMatchObject({ code: 3, stdout: 'not running\n' });
  const pid = await startDaemon(world);
  const { code, stdout } = await world.kugetsu('queue-daemon', 'status');
  expect(code).toBe(0);
  expect(stdout).toContain(`running (pid ${pid}`);
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  const stopped = await world.kugetsu('queue-daemon', 'status', '--json');
  expect(stopped.code).toBe(3);
  expect(JSON.parse(stopped.stdout)).toEqual({ running: false, pid: null, since: null });
});

test.each([
  ['of before a reboot', { boot_id: DEAD.boot_id }],
  ['whose pid belongs to another process now', { process_start: '1' }],
])('a lock %s is no daemon, and the next start takes it', async (_what, stale) => {
  const world = await queueWorld();
  const bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void bystander.kill('SIGKILL'));
  const daemon = await startDaemon(world);
  const lock = readJson(lockPath(world)) as DaemonLock;
  await killed(daemon);
  const { pid } = bystander;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const owner = { ...lock.owner, pid, process_start: start };
  writeFileSync(join(world.home, 'queue', 'daemon.pid'), `${pid}\n`);
  // Exactly that process would be the daemon.
  writeFileSync(lockPath(world), JSON.stringify({ ...lock, owner }));
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(0);
  writeFileSync(lockPath(world), JSON.stringify({ ...lock, owner: { ...owner, ...stale } }));
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
  const next = succeeded(await world.kugetsu('queue-daemon', 'stop'));
  expect(next.stderr).toContain('no queue daemon is running');
  expect(await startDaemon(world)).not.toBe(pid);
  expect(bystander.exitCode).toBeNull();
});

test('stop leaves an agent at work and names it; the next daemon settles its task', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  const { stderr } = succeeded(await world.kugetsu('queue-daemon', 'stop'));
  expect(stderr).toContain(`agents at work go on: ${REF}`);
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
  expect([existsSync(lockPath(world)), existsSync(join(world.home, 'queue', 'daemon.pid'))]).toEqual([false, false]);
  expect(task(world, id).state).toBe('notified');
  give(world, 'go');
  // Its runner settles it, without a daemon.
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
});

test('restart replaces the daemon and leaves the agent alone', async () => {
  const world = await queueWorld();
  const first = await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  succeeded(await world.kugetsu('queue-daemon', 'restart'));
  expect(await daemonPid(world)).not.toBe(first);
  expect(daemonLog(world)).toContain('queue daemon stopped; agents at work go on');
  give(world, 'go');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(noted(world, 'go-begun')).toHaveLength(1);
});

test('restart and stop are fine when no daemon is running', async () => {
  const world = await queueWorld();
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  succeeded(await world.kugetsu('queue-daemon', 'restart'));
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(0);
});

test('run --once dispatches what there is and ends; the agent goes on', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, waitsFor(world, 'go'));
  const { stderr } = succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(stderr).toContain(`${id} dispatched as r_`);
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
  expect(task(world, id).state).toBe('notified');
  give(world, 'go');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(existsSync(notesPath(world, 'go-begun'))).toBe(true);
});
