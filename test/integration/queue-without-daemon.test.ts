import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, issue, REF, succeeded } from '../support/fake-world.ts';
import { delegate, editTask, enqueue, task, taskPath, tasks } from '../support/queue-world.ts';

const NO_DAEMON = /no queue daemon is running\n {2}run: kugetsu queue-daemon start\n/;

test('delegate writes the task down, prints its id, and says that nobody will take it', async () => {
  const world = fakeWorld();
  const { stdout, stderr } = succeeded(await world.kugetsu('delegate', 'work on "issue" #14\nplease'));
  const id = stdout.trim();
  expect(stdout).toBe(`${id}\n`);
  expect(stderr).toMatch(NO_DAEMON);
  expect(task(world, id)).toMatchObject({
    id,
    type: 'pm',
    issue_ref: null,
    message: 'work on "issue" #14\nplease',
    state: 'pending',
    attempts: 0,
    parent: null,
  });
  expect(statSync(taskPath(world, id)).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(world.home, 'queue', 'items'))).toEqual([`${id}.json`]);
});

test('queue enqueue does the same for an issue, and --json prints the item that is on disk', async () => {
  const world = fakeWorld();
  const { stdout, stderr } = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'fix it', '--json'));
  const printed = JSON.parse(stdout) as { readonly id: string };
  expect(stderr).toMatch(NO_DAEMON);
  expect(printed).toEqual(task(world, printed.id));
  expect(printed).toMatchObject({ type: 'issue', issue_ref: REF, message: 'fix it', state: 'pending' });
  const delegated = succeeded(await world.kugetsu('delegate', 'all of it', '--json')).stdout;
  expect(JSON.parse(delegated)).toMatchObject({ type: 'pm', issue_ref: null, state: 'pending' });
});

test.each([
  ['a bad ref', ['queue', 'enqueue', 'not-a-ref', 'fix it']],
  ['an empty message', ['queue', 'enqueue', REF, ' \n']],
  ['an empty delegation', ['delegate', '']],
  ['a state that there is not', ['queue', 'list', '--state', 'done']],
])('%s is a usage error, and nothing is queued', async (_what, args) => {
  const world = fakeWorld();
  const { code, stdout, stderr } = await world.kugetsu(...args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^kugetsu: [^\n]+\n {2}[^\n]+\n/);
  expect(await tasks(world)).toEqual([]);
});

const NO_TIMES = { count: 0, median_ms: null, p90_ms: null };

test('list is in the order of the queue, and can be one state only; stats count them', async () => {
  const world = fakeWorld();
  const first = await enqueue(world, 'first');
  const second = await delegate(world, 'second');
  const third = await enqueue(world, 'third', issue(3));
  const failure = { class: 'no_credentials', message: 'refused', at: '2026-03-29T18:16:10.000+02:00' };
  await editTask(world, second, { state: 'error', attempts: 1, failure, finished_at: '2026-03-29T18:16:10.000+02:00' });
  expect((await tasks(world)).map(({ id }) => id)).toEqual([first, second, third]);
  expect((await tasks(world, '--state', 'pending')).map(({ id }) => id)).toEqual([first, third]);
  expect((await tasks(world, '--state', 'error')).map(({ id }) => id)).toEqual([second]);
  expect(await tasks(world, '--state', 'completed')).toEqual([]);
  const stats = succeeded(await world.kugetsu('queue', 'stats', '--json')).stdout;
  expect(JSON.parse(stats)).toEqual({
    total: 3,
    pending: 2,
    notified: 0,
    completed: 0,
    error: 1,
    wait: NO_TIMES,
    run: NO_TIMES,
    outcomes: { no_credentials: 1 },
  });
  const { stdout } = succeeded(await world.kugetsu('queue', 'list'));
  expect(stdout.split('\n')[1]?.split('\t')).toEqual([
    second,
    'error',
    '1',
    '(pm-agent)',
    'second',
    'no_credentials: refused',
    '-',
  ]);
});

test('an empty queue is an empty array, and all counts are 0', async () => {
  const world = fakeWorld();
  expect(await tasks(world)).toEqual([]);
  const stats = succeeded(await world.kugetsu('queue', 'stats', '--json')).stdout;
  expect(JSON.parse(stats)).toEqual({
    total: 0,
    pending: 0,
    notified: 0,
    completed: 0,
    error: 0,
    wait: NO_TIMES,
    run: NO_TIMES,
    outcomes: {},
  });
});

test('keys that a newer version wrote into a task stay', async () => {
  const world = fakeWorld();
  const id = await enqueue(world, 'first');
  writeFileSync(taskPath(world, id), JSON.stringify({ ...task(world, id), colour: 'red' }));
  expect(await tasks(world)).toMatchObject([{ id, colour: 'red' }]);
});

test('a task is queued although what says who the daemon is cannot be read', async () => {
  const world = fakeWorld();
  await enqueue(world, 'first');
  writeFileSync(join(world.home, 'queue', 'daemon.lock'), '');
  const { code, stdout } = await world.kugetsu('queue', 'enqueue', REF, 'second');
  expect(task(world, stdout.trim())).toMatchObject({ message: 'second', state: 'pending' });
  // Whoever is told that it failed would queue it again.
  expect(code).toBe(0);
});
