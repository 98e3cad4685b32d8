import type { QueueItem } from './queue-item.ts';
import { whyTasksWait, type Situation, type Waiting } from './why-tasks-wait.ts';

/** The tasks to dispatch now, in their order: those that wait for nothing. See {@link whyTasksWait}. */
export function selectItems(items: readonly QueueItem[], situation: Situation): QueueItem[] {
  return tasksToBegin(whyTasksWait(items, situation));
}

/** Those of them that wait for nothing, in their order. */
export function tasksToBegin(waiting: readonly Waiting[]): QueueItem[] {
  return waiting.filter(({ reasons }) => reasons.length === 0).map(({ item }) => item);
}

/**
 * When the next task that waits for a time becomes due, in milliseconds since the epoch. Those that were due when tasks were
 * chosen, `at`, wait for a slot, and a slot that becomes free is news of its own.
 */
export function nextDue(items: readonly QueueItem[], at: number): number | undefined {
  const times = items
    .filter(({ state }) => state === 'pending')
    .flatMap(({ next_attempt_at: attempt, not_before: earliest }) => [attempt ?? '', earliest ?? ''])
    .map((time) => Date.parse(time))
    .filter((time) => time > at);
  return times.length === 0 ? undefined : Math.min(...times);
}
