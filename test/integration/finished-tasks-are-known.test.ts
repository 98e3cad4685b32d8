import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { timeOrderedId } from '../../src/util/ids.ts';
import { FileQueue } from '../../src/domain/queue/file-queue.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { queueInFiles } from '../support/queue-in-files.ts';
import { itemWith } from '../unit/support/queue-items.ts';

// A look of a new process reads no file of a task that an earlier look has seen to be finished.

const MANY = 150;
const idOf = (number: number): string => timeOrderedId('q_', number, new Uint8Array(8));
const pathOf = (number: number): string => join(queue.home.queueItems, `${idOf(number)}.json`);
const finished = (number: number): QueueItem =>
  itemWith({ id: idOf(number), state: 'completed', finished_at: new Date(number).toISOString() });

let queue: ReturnType<typeof queueInFiles>;

beforeEach(async () => {
  queue = queueInFiles();
  mkdirSync(queue.home.queueItems, { recursive: true });
  for (let number = 0; number < MANY; number += 1) writeFileSync(pathOf(number), JSON.stringify(finished(number)));
  await queue.queue.add(itemWith({ id: idOf(MANY) }));
  expect(await open(queue.queue)).toEqual([idOf(MANY)]);
});

async function open(store: FileQueue): Promise<string[]> {
  const broken = async (): Promise<never> => Promise.reject(new Error('it was read'));
  return (await store.open(broken)).map(({ id }) => id);
}

test('what was seen to be finished is not read again by another process, and still found when it is removed', async () => {
  writeFileSync(pathOf(3), 'this would be told of');
  const next = new FileQueue(queue);
  expect(await open(next)).toEqual([idOf(MANY)]);
  expect(await next.removeFinished({ by: 1 })).toEqual([idOf(0), idOf(1)]);
});

test('the last ones that ended, and the figures of all, are known without reading the others', async () => {
  const figures = await queue.queue.ended();
  expect(figures).toHaveLength(MANY);
  for (let number = 0; number < MANY - 2; number += 1) writeFileSync(pathOf(number), 'this would be told of');
  const next = new FileQueue(queue);
  const { items, broken, more } = await next.finished({ limit: 2 });
  expect(items.map(({ id }) => id)).toEqual([idOf(MANY - 1), idOf(MANY - 2)]);
  expect({ broken, more }).toEqual({ broken: [], more: MANY - 2 });
  expect(await next.ended()).toEqual(figures);
});

test('a finished task that goes again is seen by every process, and so is its second end', async () => {
  await queue.other.update(idOf(5), (item) => ({ ...item, state: 'pending' }));
  expect(await open(new FileQueue(queue))).toEqual([idOf(5), idOf(MANY)]);
  await queue.other.update(idOf(5), () => finished(5));
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY)]);
});

test('who watches begins with the files, and so finds a task that a person has put back by hand', async () => {
  writeFileSync(pathOf(7), JSON.stringify({ ...finished(7), state: 'pending' }));
  const daemon = new FileQueue(queue);
  const watch = await daemon.watch(() => undefined);
  try {
    expect(await open(daemon)).toEqual([idOf(7), idOf(MANY)]);
  } finally {
    watch.close();
  }
  expect(await open(new FileQueue(queue))).toEqual([idOf(7), idOf(MANY)]);
});

test('as long as no name has come or gone, the names are not read again', async () => {
  const { home } = queue;
  const figures = await queue.queue.ended();
  utimesSync(home.queueItems, 1, 1);
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY)]);
  const look = JSON.parse(readFileSync(home.lastLook, 'utf8')) as object;
  expect(look).toMatchObject({ count: MANY, others: [`${idOf(MANY)}.json`] });
  const next = new FileQueue(queue);
  expect(await next.ended()).toEqual(figures);
  expect(await next.finished({ limit: 2 })).toMatchObject({ items: [{ id: idOf(149) }, { id: idOf(148) }], more: 148 });
  expect(await next.removeFinished({ by: 1 })).toEqual([idOf(0), idOf(1)]);
  // Two are gone, so it does not hold any more.
  writeFileSync(home.lastLook, JSON.stringify({ ...look, others: [] }));
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY)]);
});

test('what a look has found where nothing had come or gone is found anew by the next one when it has changed', async () => {
  utimesSync(queue.home.queueItems, 1, 1);
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY)]);
  const next = new FileQueue(queue);
  expect(await open(next)).toEqual([idOf(MANY)]);
  await queue.other.update(idOf(MANY), (item) => ({ ...item, message: 'another one' }));
  expect(await next.open(async () => undefined)).toMatchObject([{ id: idOf(MANY), message: 'another one' }]);
});

test('what is kept of a look holds until a name comes or goes, or what is kept of the finished ones is other', async () => {
  const { home } = queue;
  const pretend = async (others: readonly string[]): Promise<void> => {
    utimesSync(home.queueItems, 1, 1);
    await open(new FileQueue(queue));
    const look = JSON.parse(readFileSync(home.lastLook, 'utf8')) as object;
    writeFileSync(home.lastLook, JSON.stringify({ ...look, others }));
  };
  await pretend([]);
  expect(await open(new FileQueue(queue))).toEqual([]);
  writeFileSync(home.finishedTasks, readFileSync(home.finishedTasks));
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY)]);
  await pretend([]);
  await queue.other.add(itemWith({ id: idOf(MANY + 1) }));
  utimesSync(home.queueItems, 2, 2);
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY), idOf(MANY + 1)]);
});

test.each(['', 'null', '{"directory": 1}', '[1'])('what is kept of a look and says %j is no loss', async (content) => {
  utimesSync(queue.home.queueItems, 1, 1);
  writeFileSync(queue.home.lastLook, content);
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY)]);
});

test.each(['', 'nothing of the kind\n\n \u{0}', idOf(2)])('what is kept and says %j is no loss', async (content) => {
  writeFileSync(queue.home.finishedTasks, content);
  expect(await open(new FileQueue(queue))).toEqual([idOf(MANY)]);
});

test('without a place to keep it, everything is read', async () => {
  const { home, env, clock } = queue;
  const elsewhere = { ...home, finishedTasks: join(pathOf(1), 'below-a-file') };
  expect(await open(new FileQueue({ home: elsewhere, env, clock }))).toEqual([idOf(MANY)]);
});
