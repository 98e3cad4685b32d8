import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, listed, listedIssue, opencodeCalls, REF, storedSessions, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  delegate,
  enqueue,
  finishedTask,
  notesPath,
  queueWorld,
  startDaemon,
  taskThat,
} from '../support/queue-world.ts';
import { mapRepositories, until } from '../support/world.ts';

test('a failure that may pass is tried three times in one session, and then given up with its class', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, 'fake: error-status 500');
  expect(await finishedTask(world, id)).toMatchObject({
    state: 'error',
    attempts: 3,
    next_attempt_at: null,
    failure: { class: 'model_unavailable', message: expect.stringContaining('500') },
  });
  const runs = opencodeCalls(world).filter(([command]) => command === 'run');
  const sessions = runs.map((args) => args[args.indexOf('--session') + 1]).slice(-3);
  expect(new Set(sessions).size).toBe(1);
  expect((await listedIssue(world)).session_id).toBe(sessions[0]);
  const { stdout } = succeeded(await world.kugetsu('logs', '--json'));
  const kinds = (JSON.parse(stdout) as { readonly kind: string }[]).map(({ kind }) => kind);
  expect(kinds).toEqual(['init', 'start', 'continue', 'continue']);
  for (const attempt of [1, 2, 3]) expect(daemonLog(world)).toContain(`(attempt ${attempt})`);
});

test('between two attempts the task waits in the queue and says why', async () => {
  const world = await queueWorld({ QUEUE_RETRY_BASE_SECONDS: '3600' });
  await startDaemon(world);
  const id = await enqueue(world, 'fake: error-status 429');
  const item = await taskThat(world, id, ({ attempts, state }) => attempts === 1 && state === 'pending');
  expect(item).toMatchObject({ failure: { class: 'rate_limited' }, claimed_by: null });
  // Five minutes at the most, give or take a half.
  const wait = Date.parse(item.next_attempt_at ?? '') - Date.parse(item.failure?.at ?? '');
  expect(wait).toBeGreaterThanOrEqual(150_000);
  expect(wait).toBeLessThanOrEqual(450_000);
});

test('the wait survives the daemon: the next one does not dispatch it early', async () => {
  const world = await queueWorld({ QUEUE_RETRY_BASE_SECONDS: '3600' });
  await startDaemon(world);
  const id = await enqueue(world, 'fake: error-status 500');
  const waiting = await taskThat(world, id, ({ next_attempt_at: at }) => at !== null);
  succeeded(await world.kugetsu('queue-daemon', 'restart'));
  await finishedTask(world, await enqueue(world, 'hello', issue(2)));
  expect(await taskThat(world, id, () => true)).toEqual(waiting);
});

test('a failure that cannot pass is given up at once', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, 'fake: error-status 401');
  expect(await finishedTask(world, id)).toMatchObject({
    state: 'error',
    attempts: 1,
    failure: { class: 'no_credentials' },
  });
});

test('a repository that is not there is given up at once', async () => {
  const world = await queueWorld();
  mapRepositories(world, { 'forge.test/acme/unknown': join(world.root, 'nowhere.git') });
  await startDaemon(world);
  const id = await enqueue(world, 'hello', 'forge.test/acme/unknown#1');
  const item = await finishedTask(world, id);
  expect(item).toMatchObject({ state: 'error', attempts: 1 });
  expect(item.failure?.message).toContain('nowhere.git');
});

test('the agent is told why the attempt before ended, and has the task again', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const flag = notesPath(world, 'tried');
  // Crashes the first time; the second time it is done.
  const id = await enqueue(world, `fake: crash-once ${flag}`);
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 2, failure: null });
  const { stdout } = succeeded(await world.kugetsu('logs', '--json'));
  const messages = (JSON.parse(stdout) as { readonly message: string }[]).map(({ message }) => message);
  expect(messages[1]).toBe(`fake: crash-once ${flag}`);
  expect(messages[2]).toMatch(/^An earlier attempt at this task ended early \(agent_killed: .*\n\nfake: crash-once /s);
});

test('a PM task that fails in a way that may pass is tried three times in one fork, too', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const before = storedSessions(world).length;
  const id = await delegate(world, 'fake: error-status 503');
  expect(await finishedTask(world, id)).toMatchObject({
    state: 'error',
    attempts: 3,
    failure: { class: 'model_unavailable' },
  });
  expect(storedSessions(world)).toHaveLength(before + 1);
});

test('a task whose agent is stopped by a person is given up as stopped', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, 'fake: stall');
  await until('its agent works', async () => {
    const sessions = await listed(world);
    return sessions.some(({ issue_ref: ref, state }) => ref === REF && state === 'working');
  });
  succeeded(await world.kugetsu('stop', REF));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'error', attempts: 1, failure: { class: 'stopped' } });
});
