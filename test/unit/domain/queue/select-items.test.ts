import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { nextDue, selectItems } from '../../../../src/domain/queue/select-items.ts';
import { itemWith, NOW, pmItemWith } from '../../support/queue-items.ts';

const at = (ms: number): string => new Date(ms).toISOString();
const FREE = { now: NOW, slots: 3, freeSlots: 3, livePmRuns: 0, busyIssues: new Set<string>() };
const ids = (items: readonly QueueItem[]): string[] => items.map(({ id }) => id);

/** Tasks with the ids a, b, c, … in this order. */
function queue(...items: readonly QueueItem[]): QueueItem[] {
  return items.map((item, index) => ({ ...item, id: String.fromCodePoint(97 + index) }));
}

const onIssue = (number: number, changes: Partial<QueueItem> = {}): QueueItem =>
  itemWith({ issue_ref: `h/a/b#${number}`, ...changes });

describe('the tasks to dispatch now', () => {
  test('are the oldest, as many as there are free slots', () => {
    const items = queue(onIssue(1), onIssue(2), onIssue(3), onIssue(4));
    expect(ids(selectItems(items, FREE))).toEqual(['a', 'b', 'c']);
  });

  test.each([0, -1])('are none with %i free slots', (freeSlots) => {
    expect(selectItems(queue(onIssue(1), pmItemWith()), { ...FREE, freeSlots })).toEqual([]);
  });

  test('are not those of an issue that an agent is at work on', () => {
    const items = queue(onIssue(1), onIssue(2));
    expect(ids(selectItems(items, { ...FREE, busyIssues: new Set(['h/a/b#1']) }))).toEqual(['b']);
  });

  test('are one of each issue, the oldest', () => {
    expect(ids(selectItems(queue(onIssue(1), onIssue(1), onIssue(2)), FREE))).toEqual(['a', 'c']);
  });

  test('are not those of an issue with a task that is claimed, also when that stands behind them', () => {
    expect(ids(selectItems(queue(onIssue(1), onIssue(1, { state: 'notified' }), onIssue(2)), FREE))).toEqual(['c']);
  });

  test('are not those of an issue with a task that is claimed', () => {
    expect(ids(selectItems(queue(onIssue(1, { state: 'notified' }), onIssue(1), onIssue(2)), FREE))).toEqual(['c']);
  });

  test('are not an older one of an issue whose newer task is claimed', () => {
    expect(ids(selectItems(queue(onIssue(1), onIssue(1, { state: 'notified' })), FREE))).toEqual([]);
  });

  test('are not those behind a task of the same issue that waits for its next attempt', () => {
    const items = queue(onIssue(1, { next_attempt_at: at(NOW + 1) }), onIssue(1), onIssue(2));
    expect(ids(selectItems(items, FREE))).toEqual(['c']);
  });

  test('are those whose next attempt is due', () => {
    expect(ids(selectItems(queue(onIssue(1, { next_attempt_at: at(NOW) })), FREE))).toEqual(['a']);
  });

  test('are as many for the PM agent as there are free slots, those at work included', () => {
    const items = queue(pmItemWith(), pmItemWith(), pmItemWith());
    expect(ids(selectItems(items, { ...FREE, livePmRuns: 1 }))).toEqual(['a', 'b']);
    expect(selectItems(items, { ...FREE, livePmRuns: 3 })).toEqual([]);
  });

  test('are development tasks although the PM agent is at work as often as it may be', () => {
    expect(ids(selectItems(queue(pmItemWith(), onIssue(1)), { ...FREE, livePmRuns: 3 }))).toEqual(['b']);
  });
});

const items = fc
  .array(
    fc.record({
      type: fc.constantFrom('issue' as const, 'issue' as const, 'pm' as const),
      issue: fc.integer({ min: 1, max: 4 }),
      state: fc.constantFrom('pending' as const, 'pending' as const, 'notified' as const),
      wait: fc.constantFrom(null, null, -1, 0, 1, 60_000),
    }),
    { maxLength: 12 },
  )
  .map((drafts) =>
    queue(
      ...drafts.map(({ type, issue, state, wait }) => {
        const changes = { state, next_attempt_at: wait === null || state !== 'pending' ? null : at(NOW + wait) };
        return type === 'pm' ? pmItemWith(changes) : onIssue(issue, changes);
      }),
    ),
  );
const situations = fc.record({
  now: fc.constant(NOW),
  slots: fc.constant(6),
  freeSlots: fc.integer({ min: -2, max: 6 }),
  livePmRuns: fc.integer({ min: 0, max: 4 }),
  busyIssues: fc
    .uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 })
    .map((numbers) => new Set(numbers.map((number) => `h/a/b#${number}`))),
});

type Situation = typeof situations extends fc.Arbitrary<infer T> ? T : never;

/** Checks what is chosen from any queue in any situation. */
function always(check: (chosen: readonly QueueItem[], all: readonly QueueItem[], situation: Situation) => void): void {
  fc.assert(
    fc.property(items, situations, (all, situation) => check(selectItems(all, situation), all, situation)),
    { numRuns: 500 },
  );
}

const ofType = (chosen: readonly QueueItem[], type: QueueItem['type']): readonly QueueItem[] =>
  chosen.filter((item) => item.type === type);
const waits = ({ next_attempt_at: due }: QueueItem): boolean => due !== null && Date.parse(due) > NOW;

const isClaimed = ({ issue_ref: ref }: QueueItem, all: readonly QueueItem[]): boolean =>
  all.some((item) => item.state === 'notified' && item.issue_ref === ref);

describe('from any queue', () => {
  test('no more are chosen than there are free slots', () => {
    always((chosen, _all, { freeSlots }) => {
      expect(chosen.length).toBeLessThanOrEqual(Math.max(0, freeSlots));
    });
  });

  test('what is chosen is pending, due, and in the order of the queue', () => {
    always((chosen, all) => {
      expect(chosen).toEqual(all.filter((item) => chosen.includes(item)));
      expect(chosen.filter((item) => item.state !== 'pending' || waits(item))).toEqual([]);
    });
  });

  test('no two are of one issue, and none of an issue that is busy, or has a task that is claimed', () => {
    always((chosen, all, { busyIssues }) => {
      expect(ofType(chosen, 'issue').filter((item) => isClaimed(item, all))).toEqual([]);
      const refs = ofType(chosen, 'issue').map(({ issue_ref: ref }) => ref ?? '');
      expect(new Set(refs).size).toBe(refs.length);
      expect(refs.filter((ref) => busyIssues.has(ref))).toEqual([]);
    });
  });

  test('a task is never chosen before an older one of its issue, whatever that one waits for', () => {
    always((chosen, all) => {
      for (const item of ofType(chosen, 'issue')) {
        expect(ids(all.filter(({ issue_ref: ref }) => ref === item.issue_ref))[0]).toBe(item.id);
      }
    });
  });

  test('with those alive, no more PM runs are chosen than there are free slots', () => {
    always((chosen, _all, { freeSlots, livePmRuns }) => {
      const pmRuns = ofType(chosen, 'pm').length;
      if (pmRuns > 0) expect(livePmRuns + pmRuns).toBeLessThanOrEqual(freeSlots);
    });
  });

  test('a free slot is not left empty while a task could have it', () => {
    always((chosen, all, { freeSlots, busyIssues }) => {
      const heads = all.filter(
        (item, index) =>
          all.findIndex(({ issue_ref: ref }) => ref === item.issue_ref) === index && item.type === 'issue',
      );
      const ready = heads.filter(
        (item) => !waits(item) && !busyIssues.has(item.issue_ref ?? '') && !isClaimed(item, all),
      );
      expect(chosen.length).toBeGreaterThanOrEqual(Math.min(Math.max(0, freeSlots), ready.length));
    });
  });
});

describe('the next moment at which something is due', () => {
  test('is that of a task that is not to begin before', () => {
    expect(nextDue([onIssue(1, { not_before: at(NOW + 9000) }), onIssue(2, { not_before: at(NOW) })], NOW)).toBe(
      NOW + 9000,
    );
  });

  test('is that of the earliest attempt that a pending task waits for', () => {
    const waiting = [5000, 1000, 3000].map((ms) => onIssue(1, { next_attempt_at: at(NOW + ms) }));
    expect(nextDue([onIssue(2), ...waiting, onIssue(3, { state: 'notified' })], NOW)).toBe(NOW + 1000);
  });

  test('is none when all that wait are due: they wait for a slot, and that is no reason to look without end', () => {
    expect(
      nextDue([onIssue(1, { next_attempt_at: at(NOW - 1) }), onIssue(2, { next_attempt_at: at(NOW) })], NOW),
    ).toBeUndefined();
  });

  test('is none when nothing waits', () => {
    expect(nextDue([onIssue(1), onIssue(2, { state: 'notified' })], NOW)).toBeUndefined();
  });
});
