import { timeKey } from '../issues/task-id.ts';
import type { QueueItem } from './queue-item.ts';

/** What says when a task's turn comes. */
export type Turn = Pick<QueueItem, 'id' | 'priority' | 'place'>;

const DIGITS = Array.from('0123456789abcdefghijklmnopqrstuvwxyz');
/** Lower than all that a place, or an id, begins with. */
const LOWEST = '!';

/** Tasks in the order in which their turns come: a higher priority first, then as they were made or moved. */
export function inTurn<T extends Turn>(items: readonly T[]): T[] {
  // Most queues are in that order already, and to see that is less than to sort a long one.
  if (isInTurn(items)) return [...items];
  const placed = items.map((item) => ({ item, key: placeOf(item) }));
  return placed.toSorted(compareTurns).map(({ item }) => item);
}

function isInTurn(items: readonly Turn[]): boolean {
  let before: Placed | undefined;
  for (const item of items) {
    const placed = { item, key: placeOf(item) };
    if (before !== undefined && compareTurns(before, placed) > 0) return false;
    before = placed;
  }
  return true;
}

interface Placed {
  readonly item: Turn;
  readonly key: string;
}

function compareTurns(a: Placed, b: Placed): number {
  return (b.item.priority ?? 0) - (a.item.priority ?? 0) || compare(a.key, b.key) || compare(a.item.id, b.item.id);
}

/** The place of a task among those of its priority, as a text that sorts by its characters. */
export function placeOf({ id, place }: Turn): string {
  return place ?? timeKey(id);
}

/** Where a task goes. */
export type Target =
  | { readonly to: 'first' }
  | { readonly to: 'last' }
  | { readonly to: 'before'; readonly id: string };

/**
 * The priority and place with which the task `id` stands first or last of all, or right before another one: it takes the
 * priority of its neighbour.
 *
 * @param others the tasks that wait, in any order, with or without the task itself
 * @returns undefined when the neighbour is not among them, or there is none
 */
export function placeFor(
  id: string,
  target: Target,
  others: readonly Turn[],
): { readonly priority: number; readonly place: string } | undefined {
  const line = inTurn(others.filter((other) => other.id !== id));
  const at = target.to === 'before' ? line.findIndex((other) => other.id === target.id) : 0;
  const next = target.to === 'last' ? undefined : line[at];
  const neighbour = next ?? line.at(-1);
  if (neighbour === undefined || at < 0) return undefined;
  const priority = neighbour.priority ?? 0;
  const before = target.to === 'last' ? neighbour : line[at - 1];
  // What has another priority is no bound.
  const low = before !== undefined && (before.priority ?? 0) === priority ? placeOf(before) : '';
  const high = next === undefined ? undefined : placeOf(next);
  return { priority, place: `${textBetween(low, high)}${id.slice(-4)}i` };
}

/**
 * A text that sorts after `low` and before `high`, and so does any that begins with it; without `high` it has no upper
 * bound. When they are equal it comes after both.
 */
export function textBetween(low: string, high: string | undefined): string {
  return high === undefined || !high.startsWith(low) ? `${low}i` : `${low}${textBelow(high.slice(low.length))}`;
}

function textBelow(high: string): string {
  const first = high[0] ?? '';
  const lower = DIGITS.filter((digit) => digit < first);
  // Not the first digit alone: between that and nothing there is nothing.
  const middle = lower[Math.ceil(lower.length / 2)];
  if (lower.length > 2 && middle !== undefined) return middle;
  if (lower.length > 0) return `${DIGITS[0] ?? ''}i`;
  return high.length > 1 && (first === DIGITS[0] || first === LOWEST)
    ? `${first}${textBelow(high.slice(1))}`
    : `${LOWEST}i`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
