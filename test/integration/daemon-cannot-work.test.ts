import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, REF, succeeded } from '../support/fake-world.ts';
import { daemonLog, daemonPid, enqueue, queueWorld, startDaemon, task, tasks } from '../support/queue-world.ts';
import { processesOf, until, type World } from '../support/world.ts';

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
  expect((JSON.parse(stdout) as { readonly type: string }[]).map(({ type }) => type).toSorted()).toEqual([
    'task_queued',
    'task_queued',
    'task_waiting',
  ]);
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
});

interface Cure {
  readonly world: World;
  /** The daemon's kugetsu, which lacks something. */
  readonly lacking?: World;
  readonly cure?: () => void;
}

/** What people have to see to, each with the word that doctor has for it. */
const LACKING: readonly (readonly [string, string, (world: World) => Omit<Cure, 'world'>])[] = [
  [
    'git is not on the PATH of the daemon',
    'cannot start git',
    (world) => {
      const bin = join(world.root, 'without-git');
      mkdirSync(bin);
      return { lacking: world.withEnv({ PATH: bin }) };
    },
  ],
  ['repos.json is damaged', 'repos.json', (world) => damage(join(world.home, 'repos.json'), '{')],
  [
    "the agents' variables are damaged",
    'dev-agent.env',
    (world) => damage(join(world.home, 'env', 'dev-agent.env'), 'x'),
  ],
];

function damage(path: string, text: string): Omit<Cure, 'world'> {
  const before = existsSync(path) ? readFileSync(path) : undefined;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
  return { cure: () => (before === undefined ? rmSync(path) : writeFileSync(path, before)) };
}

// A daemon for each, and a task that has to wait first.
test.each(LACKING)(
  'when %s, tasks wait without an attempt, one word is said, and they are done when it is cured',
  async (_name, word, lack) => {
    const world = await queueWorld();
    const { lacking = world, cure } = lack(world);
    await startDaemon(lacking);
    const id = await enqueue(world, 'fake: reply done');
    await until('the daemon says why nothing happens', () => daemonLog(world).includes(word));
    await enqueue(world, 'fake: reply done', REF.replace('#1', '#2'));
    await until('it has looked again', () => daemonLog(world).includes('2 due'));
    expect(task(world, id)).toMatchObject({ state: 'pending', attempts: 0, failure: null });
    const { stdout } = await world.kugetsu('notify', 'list', '--json');
    const told = (JSON.parse(stdout) as { readonly type: string; readonly message: string }[]).filter(
      ({ type }) => type === 'task_waiting',
    );
    expect(told.map(({ message }) => message)).toEqual([expect.stringContaining(word)]);
    cure?.();
    if (lacking !== world) {
      succeeded(await world.kugetsu('queue-daemon', 'stop'));
      await startDaemon(world);
    }
    await enqueue(world, 'fake: reply done', REF.replace('#1', '#3'));
    await until('the tasks are done', async () => (await tasks(world)).every(({ state }) => state === 'completed'));
    succeeded(await world.kugetsu('queue-daemon', 'stop'));
  },
);

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
