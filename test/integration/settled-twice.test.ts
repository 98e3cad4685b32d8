import { expect, test } from 'vitest';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { lazyQueue } from '../../src/domain/queue/lazy-queue.ts';
import type { QueueStore } from '../../src/domain/queue/queue-store.ts';
import { rememberFork } from '../../src/domain/work/pm-assignment.ts';
import { settleItem } from '../../src/domain/work/settle-task.ts';
import { queueInFiles } from '../support/queue-in-files.ts';
import { childWith, itemWith, pmItemWith } from '../unit/support/queue-items.ts';
import { runWith, verdictWith } from '../unit/support/runs.ts';

const PARENT = 'q_0mwrzy3vsoanbch21';
const CHILD = 'q_0mwrzy3vsoanbch22';
const CHILD_RUN = 'r_child';

const ENDED = {
  type: 'run_ended',
  runId: CHILD_RUN,
  verdict: verdictWith(),
  backoff: { baseMs: 0, jitter: 1 },
} as const;

const settings = async (): Promise<never> => Promise.reject(new Error('no setting is asked for'));

/** A PM agent that is done, and waits for one task, whose agent is at work. */
async function waiting(queue: QueueStore): Promise<void> {
  const run = runWith({ id: 'r_pm', phase: 'ended', verdict: verdictWith() });
  const children = [childWith({ kind: 'item', id: CHILD })];
  await queue.add(pmItemWith({ id: PARENT, state: 'notified', run_id: run.id, run, children }));
  await queue.add(itemWith({ id: CHILD, state: 'notified', run_id: CHILD_RUN, parent: PARENT }));
}

test('a task whose end was written, and only the answer got lost, is told to its parent when it is settled again', async () => {
  const { queue } = queueInFiles();
  await waiting(queue);
  const losesAnswers = {
    ...lazyQueue(async () => queue),
    update: async (...given: Parameters<QueueStore['update']>) => {
      await queue.update(...given);
      throw new Error('the answer is lost');
    },
  };
  await expect(settleItem({ queue: losesAnswers, settings }, CHILD, ENDED)).rejects.toThrow('the answer is lost');
  expect(await queue.read(CHILD)).toMatchObject({ state: 'completed' });
  expect(await queue.read(PARENT)).toMatchObject({ state: 'notified' });

  await settleItem({ queue, settings }, CHILD, ENDED);
  expect(await queue.read(PARENT)).toMatchObject({ state: 'completed', children: [{ outcome: 'succeeded' }] });
  await settleItem({ queue, settings }, CHILD, ENDED);
  const told = (await queue.inbox.list({ all: true })).map(({ task }) => task);
  expect(told).toEqual([CHILD, PARENT]);
});

test('tasks that wait for each other, as files say that somebody has written, are settled to the end', async () => {
  const { queue } = queueInFiles();
  const circle = (id: string, parent: string): QueueItem =>
    itemWith({ id, parent, state: 'completed', children: [childWith({ kind: 'item', id: parent })] });
  await queue.add(circle(PARENT, CHILD));
  await queue.add(circle(CHILD, PARENT));
  await settleItem({ queue, settings }, CHILD, ENDED);
  expect((await queue.read(PARENT))?.children).toMatchObject([{ outcome: 'succeeded' }]);
});

test('a fork is written into its task by the run that the task has now, and by no other', async () => {
  const { queue } = queueInFiles();
  await queue.add(pmItemWith({ id: PARENT, state: 'notified', run_id: 'r_now' }));
  const deleted: string[] = [];
  const opencode = {
    deleteSession: async (id: string) => {
      deleted.push(id);
    },
  };
  await rememberFork({ queue, opencode }, { run: 'r_now', task: PARENT, session: 'ses_now' });
  await expect(
    rememberFork({ queue, opencode }, { run: 'r_before', task: PARENT, session: 'ses_late' }),
  ).rejects.toMatchObject({ code: 'run_over' });
  expect(await queue.read(PARENT)).toMatchObject({ session_id: 'ses_now' });
  expect(deleted).toEqual(['ses_late']);
});
