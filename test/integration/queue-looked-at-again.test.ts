import { utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { FileQueue } from '../../src/domain/queue/file-queue.ts';
import { itemPath } from '../../src/domain/queue/item-path.ts';
import { queueInFiles } from '../support/queue-in-files.ts';
import { until } from '../support/world.ts';
import { itemWith } from '../unit/support/queue-items.ts';

// A look looks at no file while the directory of the tasks is as it was: a daemon looks again and again.

const [FIRST, SECOND] = ['q_0mwrzy3vsoanbch21', 'q_0mwrzy3vsoanbch22'];

interface Looked {
  readonly store: FileQueue;
  /** The same queue, as another process has it. */
  readonly other: FileQueue;
  readonly directory: string;
  /** Lets time pass, in milliseconds. */
  readonly wait: (ms: number) => void;
  /** Changes the file of the first task in its place, as a person may. */
  readonly editInPlace: (message: string) => void;
}

/** A queue with one task, whose directory has not changed for a while. */
async function quietQueue(): Promise<Looked> {
  const { home, env, other } = queueInFiles();
  let time = 0;
  const store = new FileQueue({ home, env, clock: { ...systemClock, monotonic: () => time } });
  await store.add(itemWith({ id: FIRST }));
  utimesSync(home.queueItems, 1, 1);
  return {
    store,
    other,
    directory: home.queueItems,
    wait: (ms) => {
      time += ms;
    },
    editInPlace: (message) => writeFileSync(itemPath(home, FIRST), JSON.stringify(itemWith({ id: FIRST, message }))),
  };
}

async function messages(store: FileQueue): Promise<string[]> {
  return (await store.open(async (line) => Promise.reject(new Error(JSON.stringify(line))))).map(
    ({ message }) => message,
  );
}

test('a look looks at no file while no name has changed, and once a minute at all of them', async () => {
  const { store, wait, editInPlace } = await quietQueue();
  const [first] = await messages(store);
  editInPlace('by hand');
  wait(59_000);
  expect(await messages(store)).toEqual([first]);
  wait(1000);
  expect(await messages(store)).toEqual(['by hand']);
});

test('what another process changes is seen at once, also in the moment of a look', async () => {
  const { store, other, directory } = await quietQueue();
  await messages(store);
  for (const message of ['one', 'two', 'three']) {
    await other.update(FIRST, (item) => ({ ...item, message }));
    expect(await messages(store)).toEqual([message]);
  }
  await other.add(itemWith({ id: SECOND, message: 'added' }));
  expect(await messages(store)).toEqual(['three', 'added']);
  utimesSync(directory, 1, 1);
  await messages(store);
  await other.update(SECOND, (item) => ({ ...item, state: 'completed', finished_at: new Date(1).toISOString() }));
  expect(await messages(store)).toEqual(['three']);
});

test('a task that cannot be read is told of at each look', async () => {
  const { store, editInPlace, directory } = await quietQueue();
  writeFileSync(`${directory}/${SECOND}.json`, '');
  utimesSync(directory, 1, 1);
  const told: string[] = [];
  const look = async (): Promise<unknown> => store.open(async (line) => void told.push(JSON.stringify(line)));
  await look();
  await look();
  expect(told).toHaveLength(2);
  editInPlace('by hand');
  await look();
  expect(told).toHaveLength(3);
});

test('who watches sees a file that was changed in its place', async () => {
  const { store, editInPlace } = await quietQueue();
  let heard = 0;
  const watch = await store.watch(() => {
    heard += 1;
  });
  try {
    await messages(store);
    editInPlace('by hand');
    await until('the change is heard', () => heard > 0);
    expect(await messages(store)).toEqual(['by hand']);
  } finally {
    watch.close();
  }
});
