import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, listedIssue, readJson, REF, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import {
  daemonLog,
  enqueue,
  notesPath,
  finishedTask,
  queueWorld,
  startDaemon,
  task,
  waitsFor,
  give,
} from '../support/queue-world.ts';
import { until } from '../support/world.ts';

// Each step of the fake agent uses 15 tokens and costs 0.001.
const TWO_STEPS = 'fake: sh touch begun';

test('a run is ended in the step that goes over its tokens; continuing it needs a higher number', async () => {
  const world = await queueWorld({ AGENT_MAX_TOKENS: '15' });
  await world.kugetsu('start', REF, `fake: step-then-wait ${notesPath(world, 'never')}`);
  expect(await verdictOf(world)).toMatchObject({
    outcome: 'failed',
    class: 'over_budget',
    message: 'the run has used 15 tokens, AGENT_MAX_TOKENS is 15',
    retryable: false,
    steps: 1,
    limit: { setting: 'AGENT_MAX_TOKENS', value: 15, used: 15 },
  });
  expect(existsSync(join(worktreeOf(world), 'begun'))).toBe(true);
  const refused = await world.kugetsu('continue', REF, 'go on');
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain('AGENT_MAX_TOKENS is still 15');
  expect(refused.stderr).toContain('kugetsu config set AGENT_MAX_TOKENS 30');
  succeeded(await world.withEnv({ AGENT_MAX_TOKENS: '16' }).kugetsu('continue', REF, 'go on', '--follow'));
});

test('the last step of an agent that is done may go over its cost', async () => {
  const world = await queueWorld({ AGENT_MAX_COST: '0.0015' });
  succeeded(await world.kugetsu('start', REF, TWO_STEPS, '--follow'));
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded', steps: 2 });
});

test('a task whose run is over its budget is given up, and not tried again', async () => {
  const world = await queueWorld({ AGENT_MAX_COST: '0.001' });
  await startDaemon(world);
  const id = await enqueue(world, `fake: step-then-wait ${notesPath(world, 'never')}`);
  expect(await finishedTask(world, id)).toMatchObject({
    state: 'error',
    attempts: 1,
    failure: { class: 'over_budget' },
  });
});

test('once the budget of the day is used up no task begins, until a person lets the queue go on', async () => {
  const world = await queueWorld({ DAY_MAX_COST: '0.002' });
  await startDaemon(world);
  await finishedTask(world, await enqueue(world, TWO_STEPS));
  await until('the daemon says so', () => daemonLog(world).includes('paused for the rest of the day'));
  const id = await enqueue(world, 'hello', issue(2));
  const why = /agents have cost \$0\.0020 today, DAY_MAX_COST is 0\.002/;
  expect((await world.kugetsu('queue', 'explain', id)).stdout).toMatch(why);
  expect((await world.kugetsu('queue', 'list')).stderr).toMatch(why);
  expect((await world.kugetsu('status')).stderr).toMatch(why);
  expect((await world.kugetsu('notify', 'list')).stdout).toMatch(why);
  expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0 });
  succeeded(await world.kugetsu('queue', 'resume'));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
  // For the rest of the day.
  expect(await finishedTask(world, await enqueue(world, 'hello', issue(3)))).toMatchObject({ state: 'completed' });
});

test('the day counts what agents use while they work, step by step, and a higher limit counts at once', async () => {
  const world = await queueWorld();
  await world.kugetsu('start', REF, `${waitsFor(world, 'go')}; :`);
  await world.kugetsu('start', issue(2), TWO_STEPS, '--follow');
  expect(readJson(join(world.home, 'spending.json'))).toMatchObject({ tokens: 30, cost: 0.002 });
  give(world, 'go');
  await verdictOf(world);
  expect(readJson(join(world.home, 'spending.json'))).toMatchObject({ tokens: 60 });
  const limited = world.withEnv({ DAY_MAX_TOKENS: '60' });
  const id = await enqueue(world, 'hello', issue(3));
  succeeded(await limited.kugetsu('queue-daemon', 'run', '--once'));
  expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0 });
  succeeded(await world.withEnv({ DAY_MAX_TOKENS: '61' }).kugetsu('queue-daemon', 'run', '--once'));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
});

test('without enough free memory no task begins, and start --queue queues; a start by a person begins', async () => {
  const world = await queueWorld({ MIN_FREE_MEMORY_MB: '999999' });
  const low = /only \d+ MB of memory are free, MIN_FREE_MEMORY_MB is 999999/;
  const queued = succeeded(await world.kugetsu('start', REF, 'hello', '--queue'));
  expect(queued.stderr).toMatch(low);
  const id = queued.stdout.trim();
  await startDaemon(world);
  await until('the daemon says so', () => daemonLog(world).includes('1 for free memory'));
  expect((await world.kugetsu('queue', 'explain', id)).stdout).toMatch(low);
  expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0 });
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  await startDaemon(world.withEnv({ MIN_FREE_MEMORY_MB: '0' }));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
});

test('the kernel is to end agents before their runners', async () => {
  const world = await queueWorld();
  await world.kugetsu('start', REF, waitsFor(world, 'go'));
  const { agent_pid: agent, owner } = await runOf(world);
  const score = (pid: number | null): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
  expect(score(agent)).toBeGreaterThan(score(owner.pid));
  give(world, 'go');
  await verdictOf(world);
  expect((await listedIssue(world)).state).toBeDefined();
});

test('a damaged file of the breaker is told, and a resume is the cure', async () => {
  const world = await queueWorld();
  writeFileSync(join(world.home, 'queue', 'breaker.json'), '{"class": 7');
  const id = await enqueue(world, 'hello');
  const { stdout } = await world.kugetsu('doctor', '--no-model', '--json');
  expect(stdout).toContain('breaker.json');
  await startDaemon(world);
  expect((await world.kugetsu('queue', 'explain', id)).stdout).toContain('kugetsu queue resume');
  succeeded(await world.kugetsu('queue', 'resume'));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
});
