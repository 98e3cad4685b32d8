import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { issue, listedIssue, readyWorld, REF, runOf, succeeded } from '../support/fake-world.ts';
import {
  delegate,
  enqueue,
  finishedTask,
  give,
  noted,
  queueWorld,
  startDaemon,
  task,
  waitsFor,
} from '../support/queue-world.ts';
import { until } from '../support/world.ts';

test('wait ends with what it waits for, and its exit code says whether all of it succeeded', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  const waiting = world.kugetsu('wait', REF);
  expect(await world.kugetsu('wait', REF, '--timeout', '0s')).toMatchObject({
    code: 124,
    stdout: '',
    stderr: `waiting for ${REF}\nkugetsu: timed out: 1 of 1 not ended yet\n  run: kugetsu list\n`,
  });
  give(world, 'go');
  expect(await waiting).toMatchObject({ code: 0, stdout: `${REF}\tsucceeded\n` });
  // What has ended is not waited for.
  expect(JSON.parse(succeeded(await world.kugetsu('wait', REF, '--json')).stdout)).toEqual([
    { name: REF, outcome: 'succeeded', class: 'ok', message: expect.any(String) },
  ]);
  const failing = issue(2);
  await world.kugetsu('start', failing, 'fake: error-status 400', '--follow');
  const { code, stdout } = await world.kugetsu('wait', REF, failing);
  expect(stdout).toMatch(new RegExp(`^${REF}\tsucceeded\n${failing}\tfailed\t[a-z_]+: .+\n$`));
  expect(code).toBe(1);
  expect(await world.kugetsu('wait', 'q_0mwrzy3vsoanbch2t')).toMatchObject({ code: 1, stdout: '' });
  expect(await world.kugetsu('wait', REF, '--timeout', 'soon')).toMatchObject({ code: 2, stdout: '' });
});

// It waits for a daemon and three runs, one after the other.
test('without a name wait waits for all that is open: tasks, and the issue of a task until nothing of it waits', async () => {
  const world = await queueWorld();
  const first = await enqueue(world, waitsFor(world, 'go'));
  const second = await enqueue(world, 'hello');
  await startDaemon(world);
  await until('the agent is at work', () => noted(world, 'go-begun').length > 0);
  const [executable = '', ...prefix] = world.command;
  const all = spawn(executable, [...prefix, 'wait'], { cwd: world.project, env: world.env, stdio: 'pipe' });
  const said = { out: '', err: '' };
  all.stdout.on('data', (data) => (said.out += String(data)));
  all.stderr.on('data', (data) => (said.err += String(data)));
  const closed = once(all, 'close');
  const one = world.kugetsu('wait', REF);
  await until('it has seen what is open', () => said.err.includes('waiting for'));
  give(world, 'go');
  expect(await closed).toEqual([0, null]);
  expect(said.out.trimEnd().split('\n').toSorted()).toEqual(
    [first, second, REF].map((name) => `${name}\tsucceeded`).toSorted(),
  );
  succeeded(await one);
  expect(task(world, second)).toMatchObject({ state: 'completed' });
  expect(succeeded(await world.kugetsu('wait')).stderr).toContain('nothing is at work, and no task is open');
});

test('an interrupt leaves the agent at work, and says so', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  const [executable = '', ...prefix] = world.command;
  const child = spawn(executable, [...prefix, 'wait', REF], { cwd: world.project, env: world.env, stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (data) => (said += String(data)));
  await until('it waits', () => said === `waiting for ${REF}\n`);
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([130, null]);
  expect(said).toContain('the agent keeps working');
  expect(await listedIssue(world)).toMatchObject({ state: 'working' });
  give(world, 'go');
  await until('the run has ended', async () => (await runOf(world)).verdict !== null);
});

// It waits for a daemon and three runs, one after the other.
test('delegate --follow shows the PM agent and those that it starts, and exits as the task ends', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const ask = `fake: sh kugetsu queue enqueue ${REF} 'fake: sh echo done by the child'`;
  const { code, stdout, stderr } = await world.kugetsu('delegate', ask, '--follow');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(': completed\n') });
  const [id = ''] = stdout.split('\n');
  expect(stderr).toContain(`goes on with ${id} (run r_`);
  expect(stderr).toContain(`goes on with ${REF} (run r_`);
  expect(stdout).toContain('It printed: done by the child');
  const bad = await world.kugetsu('delegate', 'fake: error-status 400', '--follow');
  expect(bad.code).toBe(1);
  expect(bad.stderr).toMatch(/: error \([a-z_]+\): /);
  const asked = await delegate(world, 'fake: sh kugetsu delegate hello --follow; kugetsu wait $KUGETSU_RUN_ID; true');
  const { run } = await finishedTask(world, asked);
  expect(run?.verdict?.reply).toMatch(/agents may not run kugetsu delegate --follow[^]*you are working on /);
});

test('logs -f without a name follows all agents, those that begin later too, until it is interrupted', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  const [executable = '', ...prefix] = world.command;
  const child = spawn(executable, [...prefix, 'logs', '-f'], { cwd: world.project, env: world.env, stdio: 'pipe' });
  const said = { out: '', err: '' };
  child.stdout.on('data', (data) => (said.out += String(data)));
  child.stderr.on('data', (data) => (said.err += String(data)));
  await until('the first is shown', () => said.out.includes('demo#1 '));
  succeeded(await world.kugetsu('start', issue(2), 'fake: reply hello from two', '--follow'));
  await until('the second is shown', () => /^demo#2 \S+ hello from two$/m.test(said.out));
  give(world, 'go');
  await until('the end of the first is shown', () => /^demo#1 \S+ succeeded/m.test(said.out));
  expect(said.out.split('\n').filter((line) => line !== '' && !/^demo#[12] /.test(line))).toEqual([]);
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([130, null]);
  expect(said.err).toContain('the agent keeps working');
  expect(await world.kugetsu('logs', '3', '-f')).toMatchObject({ code: 2, stdout: '' });
});
