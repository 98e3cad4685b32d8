import { expect, test } from 'vitest';
import { endedTask } from '../../../../src/domain/queue/ended-task.ts';
import { queueFigures } from '../../../../src/domain/queue/queue-figures.ts';
import type { QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { itemWith } from '../../support/queue-items.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 2, 29, 16, 0, seconds)).toISOString();
const done = (changes: Partial<QueueItem>): QueueItem =>
  itemWith({ state: 'completed', created_at: at(0), ...changes });

test.each([
  ['from when it was queued', {}, 10],
  ['from when it was put back', { retried_at: at(4) }, 6],
  ['from when it was to begin', { not_before: at(7) }, 3],
  ['not at all when the clock was set back', { not_before: at(30) }, 0],
])('a task waits %s to its first attempt', (_, changes, seconds) => {
  const task = endedTask(done({ begun_at: at(10), finished_at: at(25), ...changes }));
  expect(task).toMatchObject({ how: 'ok', waitMs: seconds * 1000, runMs: 15_000 });
});

test('the middle, nine of ten, and each way to end are counted; what does not say when it began has no time', () => {
  const ended = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map((seconds) =>
    endedTask(done({ begun_at: at(0), finished_at: at(seconds) })),
  );
  const failure = { class: 'cancelled', message: '', at: at(1) };
  const failed = endedTask(itemWith({ state: 'error', failure, finished_at: at(1) }));
  const open = [itemWith({ created_at: at(0), begun_at: at(3), state: 'notified' }), itemWith({})];
  expect(queueFigures(open, [...ended, failed])).toEqual({
    wait: { count: 11, median_ms: 0, p90_ms: 0 },
    run: { count: 10, median_ms: 5000, p90_ms: 9000 },
    outcomes: { ok: 10, cancelled: 1 },
  });
  expect(queueFigures([], [])).toEqual({
    wait: { count: 0, median_ms: null, p90_ms: null },
    run: { count: 0, median_ms: null, p90_ms: null },
    outcomes: {},
  });
});
