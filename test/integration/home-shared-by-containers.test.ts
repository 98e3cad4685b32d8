import { spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { container, silence } from '../support/containers.ts';
import {
  issue,
  listedIssue,
  REF,
  repositoryOf,
  sessionFile,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import {
  daemonLog,
  enqueue,
  finishedTask,
  give,
  noted,
  queueWorld,
  startDaemon,
  waitsFor,
} from '../support/queue-world.ts';
import { processesOf, until, type World } from '../support/world.ts';

const HERE = hostname();

/** An agent at work on an issue until it is given a file of that name. */
async function agentAtWork(world: World, name = 'go', ref = REF): Promise<void> {
  succeeded(await world.kugetsu('start', ref, waitsFor(world, name)));
  await until('the agent works', () => noted(world, `${name}-begun`).length === 1);
}

// Fourteen commands, and most of what a person can do.
test('a run in another container is shown, counted and left alone', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  const { world: box } = await container(world, 'box-2');
  await agentAtWork(world);
  const before = readFileSync(sessionFile(world));

  const shown = await listedIssue(box);
  expect(shown).toMatchObject({ state: 'working', run: { verdict: null }, elsewhere: { machine: HERE, alive: true } });
  expect(succeeded(await box.kugetsu('list')).stdout).toContain(`working elsewhere (${HERE})`);
  expect(succeeded(await box.kugetsu('status')).stderr).toContain(`the start of ${REF} is at work on ${HERE}`);
  expect(succeeded(await box.kugetsu('logs', REF)).stdout).toContain('at work');
  expect((await box.kugetsu('doctor', '--json')).stdout).toContain(`the start of ${REF} is at work on ${HERE}`);
  for (const args of [
    ['start', REF, 'Hello.'],
    ['continue', REF, 'Hello.'],
    ['stop', REF],
    ['destroy', REF, '-y'],
    ['prune', '--force'],
  ]) {
    const { code, stderr } = await box.kugetsu(...args);
    expect([args[0], code]).toEqual([args[0], 4]);
    expect(stderr).toMatch(
      new RegExp(`^kugetsu: an agent is at work on ${REF} on ${HERE}, pid \\d+ there; last heard from`),
    );
    expect(stderr).toContain('run the command there');
  }
  await box.kugetsu('doctor', '--fix');
  expect((await box.kugetsu('start', issue(2), 'Hello.')).stderr).toContain('no agent slot is free: 1 agent at work');
  expect(readFileSync(sessionFile(world))).toEqual(before);

  give(world, 'go');
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded' });
  expect(await listedIssue(box)).toMatchObject({ elsewhere: null, run: { verdict: { class: 'ok' } } });
});

// A daemon, and seven commands.
test('a daemon in another container is the daemon, and can be neither doubled nor stopped from here', async () => {
  const world = await queueWorld();
  const { world: box } = await container(world, 'box-2');
  const pid = await startDaemon(world);
  for (const verb of [['start'], ['stop'], ['restart'], ['run', '--once']]) {
    const { code, stderr } = await box.kugetsu('queue-daemon', ...verb);
    expect([verb, code]).toEqual([verb, 4]);
    expect(stderr).toContain(`the queue daemon is running on ${HERE}, pid ${pid} there`);
  }
  expect(succeeded(await box.kugetsu('queue-daemon', 'status')).stdout).toContain(
    `running (on ${HERE}, pid ${pid} there`,
  );
  const queued = succeeded(await box.kugetsu('queue', 'enqueue', REF, 'Hello.'));
  expect(queued.stderr).not.toContain('no queue daemon');
  expect(await finishedTask(world, queued.stdout.trim())).toMatchObject({ state: 'completed', attempts: 1 });
  expect(daemonLog(world)).not.toContain('stopped');
});

// Two agents, and eight commands.
test('a run of a container that is gone is settled when nothing has been heard of it, by who needs the issue', async () => {
  const world = await queueWorld();
  const box = await container(world, 'box-2');
  await agentAtWork(box.world);
  await box.powerOff();
  await until('every process is gone', () => processesOf(world.root).length === 0);

  expect(await listedIssue(world)).toMatchObject({ elsewhere: { machine: 'box-2', alive: true } });
  expect((await world.kugetsu('start', REF, 'Hello.')).code).toBe(4);
  silence(world);
  const before = readFileSync(sessionFile(world));
  expect(await listedIssue(world)).toMatchObject({ run: { verdict: null }, elsewhere: { alive: false } });
  expect(succeeded(await world.kugetsu('list')).stdout).toContain('not heard from, elsewhere (box-2)');
  expect((await world.kugetsu('doctor')).stdout).toContain('died without a verdict');
  expect(readFileSync(sessionFile(world))).toEqual(before);

  succeeded(await world.kugetsu('continue', REF, 'Hello.', '--follow'));
  const { stdout: told } = succeeded(await world.kugetsu('notify', 'list', '--all'));
  expect(told).toMatch(/task_error.*runner_died: the process that supervised the start was on box-2, pid \d+ there/);
});

// Two daemons and two agents.
test('the daemon of a container that was made anew waits for the one before, and goes on by itself', async () => {
  const world = await queueWorld();
  const box = await container(world, 'box-2');
  await startDaemon(box.world);
  const id = await enqueue(box.world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  // Made before the other one is gone: the kernel gives the number of its namespace to the next.
  const anew = await container(world, 'box-3');
  await box.powerOff();
  await until('every process is gone', () => processesOf(world.root).length === 0);
  give(world, 'go');

  const [program, ...args] = [...anew.world.command, 'queue-daemon', 'run'];
  const daemon = spawn(program, args, { cwd: world.project, env: world.env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void daemon.kill('SIGKILL'));
  let said = '';
  daemon.stderr.on('data', (data) => (said += String(data)));
  await until('it waits', () => said.includes('a queue daemon may be running on box-2'));
  expect(daemon.exitCode).toBeNull();
  silence(world);
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 2 });
  expect(noted(world, 'go-begun')).toHaveLength(2);
  await anew.powerOff();
});

// The runner looks every ten seconds.
test('an agent whose run was taken over elsewhere is ended, and its work is in neither the new worktree nor lost', async () => {
  const world = await queueWorld();
  const { world: box } = await container(world, 'box-2');
  await agentAtWork(world);
  const agents = processesOf(world.root).map(({ pid }) => pid);
  silence(world);
  succeeded(await box.kugetsu('start', REF, 'fake: sh echo theirs > new.txt', '--follow'));
  await until('what worked here has been ended', () => {
    const left = new Set(processesOf(world.root).map(({ pid }) => pid));
    return agents.every((pid) => !left.has(pid));
  });
  expect(await listedIssue(world)).toMatchObject({ run: { verdict: { outcome: 'succeeded' } } });
  expect(existsSync(join(worktreeOf(world), 'new.txt'))).toBe(true);
});

test('the locks of the home hold between containers', async () => {
  const world = await queueWorld();
  const { world: box } = await container(world, 'box-2');
  const names = Array.from({ length: 12 }, (_, index) => `SHARED_${index}`);
  const outcomes = await Promise.all(
    names.map(async (name, index) => (index % 2 === 0 ? world : box).kugetsu('env', 'set', name, 'x')),
  );
  expect(outcomes.map(({ code }) => code)).toEqual(names.map(() => 0));
  const { stdout } = succeeded(await world.kugetsu('env', 'show', 'default'));
  for (const name of names) expect(stdout).toContain(name);
});

test('a lock of a git in another container stays while somebody is at work there, unless it is old', async () => {
  const world = await queueWorld();
  const { world: box } = await container(world, 'box-2');
  await agentAtWork(world);
  const lock = join(repositoryOf(world), 'config.lock');
  writeFileSync(lock, '');
  const early = new Date(Date.now() - 60_000);
  utimesSync(lock, early, early);
  succeeded(await box.kugetsu('start', issue(2), 'Hello.', '--follow'));
  expect(existsSync(lock)).toBe(true);
  const old = new Date(Date.now() - 60 * 60_000);
  utimesSync(lock, old, old);
  succeeded(await box.kugetsu('start', issue(2), 'Hello.', '--follow'));
  expect(existsSync(lock)).toBe(false);
  give(world, 'go');
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded' });
});
