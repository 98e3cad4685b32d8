import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { selectItems } from '../../../../src/domain/queue/select-items.ts';
import { inTurn } from '../../../../src/domain/queue/turns.ts';
import {
  repositoryOf,
  whyTasksWait,
  type Reason,
  type Situation,
} from '../../../../src/domain/queue/why-tasks-wait.ts';
import { itemWith, NOW, pmItemWith } from '../../support/queue-items.ts';

const at = (ms: number): string => new Date(NOW + ms).toISOString();
const FREE: Situation = { now: NOW, slots: 3, freeSlots: 3, livePmRuns: 0, busyIssues: new Set<string>() };
const PAUSED: Reason = { code: 'paused', since: at(-1000), why: null, until: null };

/** Tasks with the ids q_a, q_b, q_c, … in this order. */
function queue(...items: readonly QueueItem[]): QueueItem[] {
  return items.map((item, index) => ({ ...item, id: `q_${String.fromCodePoint(97 + index)}` }));
}

const onIssue = (number: number, changes: Partial<QueueItem> = {}): QueueItem =>
  itemWith({ issue_ref: `h/a/b#${number}`, ...changes });

/** The codes of what each task waits for, by its id. */
function codes(items: readonly QueueItem[], situation: Partial<Situation> = {}): Record<string, readonly string[]> {
  const waiting = whyTasksWait(items, { ...FREE, ...situation });
  return Object.fromEntries(waiting.map(({ item, reasons }) => [item.id, reasons.map(({ code }) => code)]));
}

describe('a task waits', () => {
  test('for nothing when there is room', () => {
    expect(codes(queue(onIssue(1), pmItemWith()))).toEqual({ q_a: [], q_b: [] });
  });

  test('while the queue is paused, and for all that it would wait for anyway', () => {
    const items = queue(onIssue(1, { not_before: at(1000) }), onIssue(2));
    expect(codes(items, { holds: [PAUSED], freeSlots: 0 })).toEqual({
      q_a: ['paused', 'not_before', 'no_slot'],
      q_b: ['paused', 'no_slot'],
    });
  });

  test('for the host that has its issue, and for as many agents as all hosts together may have', () => {
    const items = queue(onIssue(1, { state: 'notified' }), onIssue(2), onIssue(3), onIssue(4), pmItemWith());
    expect(codes(items, { otherHosts: new Map([['q_b', { code: 'other_host', host: 'b' }]]), mostInFleet: 2 })).toEqual(
      {
        q_b: ['other_host'],
        q_c: [],
        q_d: ['fleet_full'],
        q_e: [],
      },
    );
    expect(codes(items, { holds: [{ code: 'draining', host: 'a' }] })['q_c']).toEqual(['draining']);
  });

  test('after a break, but for one that is tried, and rather one that has not failed before', () => {
    const items = queue(onIssue(1), onIssue(2), onIssue(3));
    const trial = { failed: new Set(['q_a']), reason: PAUSED };
    expect(codes(items, { trial })).toEqual({ q_a: ['paused'], q_b: [], q_c: ['paused'] });
    const all = { failed: new Set(['q_a', 'q_b', 'q_c']), reason: PAUSED };
    expect(codes(items, { trial: all })).toEqual({ q_a: [], q_b: ['paused'], q_c: ['paused'] });
    expect(codes(items, { trial, freeSlots: 0 })['q_b']).toEqual(['paused', 'no_slot']);
  });

  test('for its time, and lets a later task of its issue go first', () => {
    expect(codes(queue(onIssue(1, { not_before: at(1) }), onIssue(1)))).toEqual({ q_a: ['not_before'], q_b: [] });
    expect(codes(queue(onIssue(1, { not_before: at(0) }), onIssue(1)))).toEqual({ q_a: [], q_b: ['behind'] });
  });

  test('for the tasks that it comes after, as long as they have not ended', () => {
    const after = [
      { id: 'q_x', outcome: 'succeeded' as const },
      { id: 'q_y', outcome: null },
    ];
    expect(whyTasksWait(queue(onIssue(1, { after })), FREE)[0]?.reasons).toEqual([{ code: 'after', id: 'q_y' }]);
  });

  test('for a task of its own issue that stands behind it, and does not hold that one up', () => {
    const items = queue(onIssue(1, { after: [{ id: 'q_b', outcome: null }] }), onIssue(1));
    expect(codes(items)).toEqual({ q_a: ['after'], q_b: [] });
  });

  test('for its next attempt, and holds back the later tasks of its issue', () => {
    const failure = { class: 'model_unavailable', message: 'm', at: at(0) };
    const items = queue(onIssue(1, { next_attempt_at: at(1000), attempts: 1, failure }), onIssue(1));
    expect(whyTasksWait(items, FREE)).toMatchObject([
      { reasons: [{ code: 'next_attempt', at: at(1000), attempt: 2, failure: 'model_unavailable' }] },
      { reasons: [{ code: 'behind', id: 'q_a' }] },
    ]);
  });

  test('for kugetsu to be ready, and says what was missing', () => {
    const failure = { class: 'git_missing', message: 'no git', at: at(0) };
    const [waiting] = whyTasksWait(queue(onIssue(1, { next_attempt_at: at(1000), failure })), FREE);
    expect(waiting?.reasons).toEqual([{ code: 'held_up', at: at(1000), problem: 'no git' }]);
  });

  test('for a slot, which goes to the task before it', () => {
    expect(codes(queue(onIssue(1), onIssue(2)), { freeSlots: 1 })).toEqual({ q_a: [], q_b: ['no_slot'] });
  });

  test('for room in its repository, while those of others begin', () => {
    const elsewhere = onIssue(1, { issue_ref: 'h/a/c#1' });
    const limits = { mostPerRepository: 2, agentsIn: new Map([['h/a/b', 1]]) };
    expect(codes(queue(onIssue(1), onIssue(2), elsewhere), limits)).toEqual({
      q_a: [],
      q_b: ['repository_full'],
      q_c: [],
    });
  });

  test('as a PM task for another PM agent, and with MAX_PM_AGENTS for no slot', () => {
    const items = queue(pmItemWith(), pmItemWith(), onIssue(1));
    expect(codes(items, { mostPmRuns: 1, freeSlots: 0 })).toEqual({ q_a: [], q_b: ['pm_limit'], q_c: ['no_slot'] });
    expect(codes(items, { mostPmRuns: 2, freeSlots: 1 })).toEqual({ q_a: [], q_b: [], q_c: [] });
    expect(codes(items, { livePmRuns: 3 })).toEqual({ q_a: ['pm_limit'], q_b: ['pm_limit'], q_c: [] });
  });

  test('behind a task of its issue with a higher priority', () => {
    expect(codes(queue(onIssue(1), onIssue(1, { priority: 1 })))).toEqual({ q_b: [], q_a: ['behind'] });
  });
});

const times = fc.constantFrom(undefined, undefined, -1, 0, 1, 1000);
const items = fc
  .array(
    fc.record({
      type: fc.constantFrom('issue' as const, 'issue' as const, 'pm' as const),
      issue: fc.integer({ min: 1, max: 4 }),
      repository: fc.constantFrom('h/a/b', 'h/a/b', 'h/a/c'),
      state: fc.constantFrom('pending' as const, 'pending' as const, 'pending' as const, 'notified' as const),
      attempt: times,
      earliest: times,
      priority: fc.constantFrom(undefined, undefined, -1, 1),
      after: fc.constantFrom(undefined, undefined, null, 'succeeded' as const, 'failed' as const),
    }),
    { maxLength: 12 },
  )
  .map((drafts) =>
    queue(
      ...drafts.map(({ type, issue, repository, state, attempt, earliest, priority, after }) => {
        const changes = {
          state,
          next_attempt_at: attempt === undefined || state !== 'pending' ? null : at(attempt),
          ...(earliest === undefined ? {} : { not_before: at(earliest) }),
          ...(priority === undefined ? {} : { priority }),
          ...(after === undefined ? {} : { after: [{ id: 'q_x', outcome: after }] }),
        };
        return type === 'pm' ? pmItemWith(changes) : itemWith({ issue_ref: `${repository}#${issue}`, ...changes });
      }),
    ),
  );
const situations: fc.Arbitrary<Situation> = fc.record({
  now: fc.constant(NOW),
  slots: fc.constant(6),
  freeSlots: fc.integer({ min: -2, max: 6 }),
  livePmRuns: fc.integer({ min: 0, max: 4 }),
  mostPmRuns: fc.constantFrom(undefined, undefined, 1, 3),
  mostPerRepository: fc.constantFrom(0, 0, 1, 2),
  agentsIn: fc.constantFrom(new Map<string, number>(), new Map([['h/a/b', 1]])),
  busyIssues: fc
    .uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 })
    .map((numbers) => new Set(numbers.map((number) => `h/a/b#${number}`))),
  holds: fc.constantFrom<readonly Reason[]>([], [], [], [PAUSED]),
});

/** Checks what is said of any queue in any situation. */
function always(check: (all: readonly QueueItem[], situation: Situation) => void): void {
  fc.assert(fc.property(items, situations, check), { numRuns: 1000 });
}

const dev = (chosen: readonly QueueItem[]): readonly QueueItem[] => chosen.filter(({ type }) => type === 'issue');
const ownWait = ({ not_before: earliest, after = [] }: QueueItem): boolean =>
  (earliest !== undefined && Date.parse(earliest) > NOW) || after.some(({ outcome }) => outcome === null);

describe('of any queue', () => {
  test('what is called free is exactly what is selected, and every pending task is accounted for', () => {
    always((all, situation) => {
      const told = whyTasksWait(all, situation);
      const free = told.filter(({ reasons }) => reasons.length === 0).map(({ item }) => item);
      expect(selectItems(all, situation)).toEqual(free);
      expect(new Set(told.map(({ item }) => item))).toEqual(new Set(all.filter(({ state }) => state === 'pending')));
    });
  });

  test('a task that waits gets free when just what is said of it is changed', () => {
    always((all, situation) => {
      const held = whyTasksWait(all, situation).filter(({ reasons }) => reasons.length > 0);
      for (const { item, reasons } of held.slice(0, 3)) {
        const codesOf = new Set(reasons.map(({ code }) => code));
        const freed = codesOf.has('not_before') || codesOf.has('after') || codesOf.has('next_attempt');
        const alone = { ...item, ...(freed ? { next_attempt_at: null, not_before: at(0), after: [] } : {}) };
        const others = codesOf.has('behind') || codesOf.has('issue_busy');
        const room = ['no_slot', 'pm_limit', 'repository_full'].some((code) => codesOf.has(code as Reason['code']));
        const changed: Situation = {
          ...situation,
          holds: codesOf.has('paused') ? [] : (situation.holds ?? []),
          busyIssues: new Set([...situation.busyIssues].filter((ref) => !others || ref !== item.issue_ref)),
          ...(room ? { freeSlots: 99, livePmRuns: 0, mostPmRuns: 99, mostPerRepository: 0 } : {}),
        };
        const rest = all
          .filter(({ id }) => id !== item.id)
          .filter(({ issue_ref: ref }) => !others || ref !== item.issue_ref);
        expect(selectItems([...rest, alone], changed).map(({ id }) => id)).toContain(item.id);
      }
    });
  });

  test('no more are chosen than there are slots, room in a repository, and PM runs allowed', () => {
    always((all, situation) => {
      const { freeSlots, mostPerRepository = 0, agentsIn, mostPmRuns, livePmRuns } = situation;
      const chosen = selectItems(all, situation);
      expect(dev(chosen).length).toBeLessThanOrEqual(Math.max(0, freeSlots));
      for (const repository of mostPerRepository === 0 ? [] : ['h/a/b', 'h/a/c']) {
        const begun = dev(chosen).filter(({ issue_ref: ref }) => repositoryOf(ref ?? '') === repository).length;
        if (begun > 0) expect((agentsIn?.get(repository) ?? 0) + begun).toBeLessThanOrEqual(mostPerRepository);
      }
      const pmRuns = chosen.length - dev(chosen).length;
      if (pmRuns > 0) expect(livePmRuns + pmRuns).toBeLessThanOrEqual(mostPmRuns ?? freeSlots);
    });
  });

  test('none is chosen while the queue is paused, before its time, or before what it comes after has ended', () => {
    always((all, situation) => {
      const chosen = selectItems(all, situation);
      if ((situation.holds ?? []).length > 0) expect(chosen).toEqual([]);
      expect(chosen.filter(ownWait)).toEqual([]);
    });
  });

  test('of one issue only the first in turn is chosen, and none while one of it is claimed', () => {
    always((all, situation) => {
      for (const item of dev(selectItems(all, situation))) {
        const same = all.filter(({ issue_ref: ref }) => ref === item.issue_ref);
        expect(same.filter(({ state }) => state === 'notified')).toEqual([]);
        expect(inTurn(same).find((other) => !ownWait(other))?.id).toBe(item.id);
      }
    });
  });

  test('a slot does not go to a task while one before it waits for nothing but a slot', () => {
    always((all, situation) => {
      const told = whyTasksWait(all, situation).filter(({ item }) => item.type === 'issue');
      const first = told.findIndex(({ reasons }) => reasons.length === 1 && reasons[0]?.code === 'no_slot');
      if (first >= 0) expect(told.slice(first).filter(({ reasons }) => reasons.length === 0)).toEqual([]);
    });
  });
});
