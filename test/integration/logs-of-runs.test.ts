import { copyFileSync, existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, readyWorld, REF, runOf, succeeded } from '../support/fake-world.ts';
import {
  delegate,
  enqueue,
  finishedTask,
  give,
  noted,
  queueWorld,
  startDaemon,
  waitsFor,
} from '../support/queue-world.ts';
import { processesOf, until, type World } from '../support/world.ts';

interface ListedRun {
  readonly run: string;
  readonly kind: string;
  readonly subject: string;
  readonly verdict: { readonly class: string } | null;
}

async function runs(world: World, ...args: readonly string[]): Promise<ListedRun[]> {
  return JSON.parse(succeeded(await world.kugetsu('logs', '--json', ...args)).stdout) as ListedRun[];
}

test('logs lists the last runs, oldest first: ten, or as many as are asked for', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const { log, id } = await runOf(world);
  const others = Array.from({ length: 12 }, (_, index) => `r_00000000${String.fromCodePoint(97 + index)}aaaaaaaa`);
  for (const other of others) copyFileSync(log, join(world.home, 'logs', `${other}.log`));
  expect(await runs(world)).toHaveLength(10);
  expect((await runs(world)).at(-1)).toMatchObject({ run: id, kind: 'start', subject: REF, verdict: { class: 'ok' } });
  expect(await runs(world, '3')).toEqual((await runs(world)).slice(-3));
  expect((await runs(world, '20')).length).toBeGreaterThan(12);
  const { stdout } = succeeded(await world.kugetsu('logs', '2'));
  expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  expect(stdout).toContain(`start\t${REF}\tsucceeded\thello`);
});

test('a task shows the log of its last run, for an issue as for the PM agent', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  for (const id of [await enqueue(world, 'hello'), await delegate(world, 'hello')]) {
    await finishedTask(world, id);
    const { stdout } = succeeded(await world.kugetsu('logs', id));
    expect(stdout).toContain('at work: session ses_');
    const lines = succeeded(await world.kugetsu('logs', id, '--json'))
      .stdout.trimEnd()
      .split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'ended', verdict: { class: 'ok' } });
  }
  const kinds = (await runs(world)).map(({ kind }) => kind);
  expect(kinds).toEqual(['init', 'start', 'pm']);
});

test('a task is followed to its end; the exit code is its verdict', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  const following = world.kugetsu('logs', id, '-f');
  await until('logs follows', () => processesOf(world.root).some(({ command }) => command.includes(`logs ${id} -f`)));
  give(world, 'go');
  const { code, stdout } = await following;
  expect(code).toBe(0);
  expect(stdout).toContain('It printed:');
  const failing = await enqueue(world, 'fake: error-status 401', issue(2));
  await finishedTask(world, failing);
  expect(await world.kugetsu('logs', failing, '-f')).toMatchObject({ code: 1 });
});

test("whoever follows a PM task is told when its runner is killed, and the log has the run's end", async () => {
  const world = await queueWorld({ QUEUE_RETRY_BASE_SECONDS: '3600' });
  const daemon = await startDaemon(world);
  const id = await delegate(world, waitsFor(world, 'go'));
  await until('the PM agent works', () => noted(world, 'go-begun').length === 1);
  process.kill(daemon, 'SIGKILL');
  const following = world.kugetsu('logs', id, '-f');
  await until('logs follows', () => processesOf(world.root).some(({ command }) => command.includes(`logs ${id} -f`)));
  for (const { pid, command } of processesOf(world.root))
    if (command.includes('__runner')) process.kill(pid, 'SIGKILL');
  const { code, stdout } = await following;
  expect(code).toBe(1);
  expect(stdout).toContain('runner_died');
  expect((await runs(world)).at(-1)).toMatchObject({ subject: id, verdict: { class: 'runner_died' } });
});

test('a task that has not been taken has no log, and one that there is not is named', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'hello');
  expect(await world.kugetsu('logs', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('has had no run') });
  const { code, stderr } = await world.kugetsu('logs', 'q_0mwrzy3vsoanbch2t');
  expect(code).toBe(1);
  expect(stderr).toContain('there is no task q_0mwrzy3vsoanbch2t');
  expect((await world.kugetsu('logs', '3', '--follow')).code).toBe(2);
});

test('logs that nobody has written to for seven days are removed', async () => {
  const world = await readyWorld();
  for (const n of [1, 2]) succeeded(await world.kugetsu('start', issue(n), 'hello', '--follow'));
  const old = (await runOf(world, issue(1))).log;
  const young = (await runOf(world, issue(2))).log;
  const daysAgo = (days: number): Date => new Date(Date.now() - days * 24 * 60 * 60_000);
  utimesSync(old, daysAgo(7.1), daysAgo(7.1));
  utimesSync(young, daysAgo(6.9), daysAgo(6.9));
  expect((await runs(world)).map(({ subject }) => subject)).not.toContain(issue(1));
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  expect(readdirSync(join(world.home, 'logs'))).not.toEqual([]);
});
