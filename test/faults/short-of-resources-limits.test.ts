// Slow: each limit is met by a start and the queue.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fakeWorld, issue, listed, succeeded } from '../support/fake-world.ts';
import { report } from '../support/faults/figures.ts';
import { enqueue, finishedTask, noted, queueWorld, tasks, waitsFor, give } from '../support/queue-world.ts';
import { run, until, type Outcome, type World } from '../support/world.ts';

/** The same world, whose kugetsu and all that it starts may have this many files open. */
function withFiles(world: World, limit: number): World {
  const command = ['sh', '-c', `ulimit -n ${limit} && exec "$@"`, 'sh', ...world.command];
  return {
    ...world,
    command,
    kugetsu: async (...args) => run([...command, ...args], { cwd: world.project, env: world.env }),
  };
}

test('with 64 file descriptors a daemon works eight agents off at once, and every command works', async () => {
  const world = withFiles(await queueWorld({ MAX_CONCURRENT_AGENTS: '8' }), 64);
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  const limits = readFileSync(
    `/proc/${(JSON.parse(succeeded(await world.kugetsu('queue-daemon', 'status', '--json')).stdout) as { readonly pid: number }).pid}/limits`,
    'utf8',
  );
  expect(limits).toMatch(/Max open files +64 /);
  const ids = await Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8].map(async (number) => enqueue(world, waitsFor(world, `go-${number}`), issue(number))),
  );
  for (const number of ids.keys())
    await until('eight are at work', () => noted(world, `go-${number + 1}-begun`).length === 1);
  expect((await listed(world)).filter(({ run: last }) => last?.phase === 'working')).toHaveLength(8);
  for (const look of [['queue', 'list'], ['notify', 'list'], ['logs'], ['status'], ['prune'], ['config', 'list']])
    expect([look, await world.kugetsu(...look)]).toMatchObject([look, { code: 0 }]);
  for (const number of ids.keys()) give(world, `go-${number + 1}`);
  for (const id of ids) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  succeeded(await world.kugetsu('destroy', issue(1), '-y'));
});

test('with too few file descriptors to work, a command says so and what to do', async () => {
  const world = fakeWorld();
  const outcome = await withFiles(world, 5).kugetsu('notify', 'send', 'hello');
  expect(outcome).toMatchObject({ code: 1, stdout: '' });
  expect(outcome.stderr).toMatch(/^kugetsu: EMFILE.*\n  .*ulimit -n/);
});

test('64 processes at once: none is lost, none is doubled, and each ends as documented', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '2' });
  const call = async (number: number): Promise<Outcome> => {
    if (number <= 40) return world.kugetsu('queue', 'enqueue', issue(number), `task ${number}.`);
    if (number <= 56) return world.kugetsu('delegate', `task ${number}.`);
    if (number <= 58) return world.kugetsu('start', issue(100), waitsFor(world, 'go'));
    if (number <= 60) return world.kugetsu('notify', 'send', `message ${number}.`);
    return number <= 62 ? world.kugetsu('list') : world.kugetsu('notify', 'list');
  };
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
  const outcomes = await Promise.all(numbers.map(call));
  const starts = outcomes.slice(56, 58).map(({ code }) => code);
  // One of the two has the issue.
  expect(starts.toSorted((a, b) => a - b)).toEqual([0, 4]);
  expect(outcomes.filter((_, at) => at < 56 || at > 57).filter(({ code }) => code !== 0)).toEqual([]);
  const printed = outcomes.slice(0, 56).map(({ stdout }) => stdout.trim());
  expect(new Set(printed).size).toBe(56);
  const queued = await tasks(world);
  expect(queued.map(({ id }) => id).toSorted()).toEqual(printed.toSorted());
  expect(new Set(queued.map(({ message }) => message)).size).toBe(56);
  const { stdout: told } = succeeded(await world.kugetsu('notify', 'list', '--all', '--json'));
  const news = JSON.parse(told) as { readonly type: string; readonly task: string | null; readonly message: string }[];
  for (const id of printed)
    expect(news.filter(({ type, task }) => type === 'task_queued' && task === id)).toHaveLength(1);
  for (const number of [59, 60]) expect(news.filter(({ message }) => message === `message ${number}.`)).toHaveLength(1);
  give(world, 'go');
  await until('the start has ended', async () =>
    (await listed(world)).every(({ run: last }) => last === null || last.verdict !== null),
  );
  report({ part: 'short of resources limits', cases: 1, writers: 64, tasks: 56 });
});
