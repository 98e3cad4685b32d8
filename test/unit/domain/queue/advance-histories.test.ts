import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, isFinished, MAX_ATTEMPTS, type QueueEvent } from '../../../../src/domain/queue/advance.ts';
import type { QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { isoMsWithOffset } from '../../../../src/util/time.ts';
import { CLAIMER, childWith, itemWith, NOW, pmItemWith } from '../../support/queue-items.ts';
import { runWith, verdictWith } from '../../support/runs.ts';

// Whatever can happen, in any order. Runs and children are few, so that they meet; a run that ends is often the current one.
const CURRENT = 'r_current';
const runIds = fc.constantFrom('r_1', 'r_2', 'r_3');
const endedIds = fc.oneof({ weight: 4, arbitrary: fc.constant(CURRENT) }, { weight: 1, arbitrary: runIds });
const childIds = fc.constantFrom('c_1', 'c_2', 'c_3');
const verdicts = fc
  .record({
    outcome: fc.constantFrom('succeeded', 'failed', 'failed', 'failed'),
    class: fc.constantFrom('ok', 'model_unavailable', 'no_credentials'),
    retryable: fc.constantFrom(true, true, true, false),
    reply: fc.string(),
  })
  .map(verdictWith);
const backoffs = fc.record({
  baseMs: fc.constantFrom(0, 100, 10_000, 400_000),
  jitter: fc.double({ min: 0.5, max: 1.5, noNaN: true }),
});

// `cancelled` ends most tasks at once, and comes seldom for that.
const wishes: fc.Arbitrary<QueueEvent> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<QueueEvent>({ type: 'cancelled', message: 'a person cancelled it' }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('retried' as const), message: fc.constantFrom(null, 'again') }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        type: fc.constant('edited' as const),
        message: fc.constantFrom('x', 'y'),
        priority: fc.integer({ min: -2, max: 2 }),
        after: fc.constantFrom([], [{ id: 'q_dep2', outcome: null }]),
        afterAny: fc.boolean(),
        notBefore: fc.constantFrom(null, isoMsWithOffset(NOW)),
      },
      { requiredKeys: ['type'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('moved' as const),
      priority: fc.integer({ min: -2, max: 2 }),
      place: fc.constantFrom('a', 'b'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('dependency_ended' as const),
      id: fc.constantFrom('q_dep1', 'q_dep2'),
      outcome: fc.constantFrom('succeeded', 'succeeded', 'failed', 'stopped', 'lost'),
    }),
  },
  { weight: 1, arbitrary: childIds.map((id): QueueEvent => ({ type: 'child_reopened', id })) },
  { weight: 1, arbitrary: endedIds.map((runId): QueueEvent => ({ type: 'given_back', runId })) },
);

const eventsOf = (type: QueueItem['type']): fc.Arbitrary<QueueEvent> => {
  const claims = runIds.map((runId): QueueEvent => {
    return { type: 'claimed', runId, by: CLAIMER, run: type === 'pm' ? runWith({ id: runId, kind: 'pm' }) : null };
  });
  const ends = fc.record({
    type: fc.constant('run_ended' as const),
    runId: endedIds,
    verdict: verdicts,
    backoff: backoffs,
  });
  const someRun = fc.oneof({ weight: 4, arbitrary: fc.constant(CURRENT) }, { weight: 1, arbitrary: runIds });
  const heldUp = fc.record({
    type: fc.constant('held_up' as const),
    runId: someRun,
    notBefore: fc.integer({ min: NOW, max: NOW + 1e9 }),
    failure: fc.constant({ class: 'git_missing', message: 'no git' }),
  });
  const notBegun = fc.record({
    type: fc.constant('not_begun' as const),
    runId: someRun,
    failure: fc.constant({ class: 'git_failed', message: 'a network' }),
    backoff: backoffs,
  });
  const childEnds = fc.record({
    type: fc.constant('child_ended' as const),
    id: childIds,
    outcome: fc.constantFrom('succeeded', 'succeeded', 'succeeded', 'failed', 'stopped', 'lost'),
  });
  return fc.oneof(
    { weight: 4, arbitrary: claims },
    { weight: 5, arbitrary: ends },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('released' as const),
        runId: someRun,
        notBefore: fc.option(fc.integer({ min: NOW, max: NOW + 1e9 })),
      }),
    },
    { weight: 1, arbitrary: heldUp },
    { weight: 2, arbitrary: notBegun },
    { weight: 1, arbitrary: childIds.map((id): QueueEvent => ({ type: 'child_added', child: childWith({ id }) })) },
    { weight: 2, arbitrary: childEnds },
    { weight: 1, arbitrary: fc.constant<QueueEvent>({ type: 'children_checked' }) },
    { weight: 2, arbitrary: wishes },
  );
};

const DEPENDENCIES = ['q_dep1', 'q_dep2'].map((id) => ({ id, outcome: null }));

// `refused` ends a task at once, so histories with it are short ones.
const histories = fc.constantFrom<QueueItem['type']>('issue', 'pm').chain((type) =>
  fc.record({
    start: fc.constantFrom({}, { after: DEPENDENCIES }, { after: DEPENDENCIES, after_any: true }).map((changes) => {
      return type === 'pm' ? pmItemWith(changes) : itemWith(changes);
    }),
    events: fc.array(
      fc.oneof(
        { weight: 60, arbitrary: eventsOf(type) },
        { weight: 1, arbitrary: fc.constant<QueueEvent>({ type: 'refused', class: 'bad', message: 'bad' }) },
      ),
      { maxLength: 40, size: 'large' },
    ),
  }),
);

interface Step {
  readonly before: QueueItem;
  readonly event: QueueEvent;
  readonly after: QueueItem;
  readonly now: number;
}

function onCurrentRun(event: QueueEvent, { run_id: id }: QueueItem): QueueEvent {
  return 'runId' in event && event.runId === CURRENT ? { ...event, runId: id ?? '' } : event;
}

/** Checks every step of any history. */
function always(check: (step: Step) => void, numRuns = 250): void {
  fc.assert(
    fc.property(histories, ({ start, events }) => {
      let item = start;
      for (const [index, drawn] of events.entries()) {
        const event = onCurrentRun(drawn, item);
        const now = NOW + index * 1000;
        const after = advance(item, event, now);
        check({ before: item, event, after, now });
        item = after;
      }
    }),
    { numRuns },
  );
}

const whatStays = ({ children: _children, ...rest }: QueueItem): unknown => rest;

describe('in any history', () => {
  test('every state is reached, so that the other properties say something', () => {
    const seen = new Set<string>();
    always(({ after }) => {
      seen.add(`${after.type} ${after.state} ${after.attempts}`);
    }, 2000);
    for (const type of ['issue', 'pm']) {
      for (const attempts of [1, 2, 3]) {
        for (const state of ['notified', 'completed', 'error']) expect(seen).toContain(`${type} ${state} ${attempts}`);
      }
    }
  });

  test('completed is left by a retry only, error when an attempt is given back, too, and what they say does not change', () => {
    always(({ before, event, after }) => {
      if (before.state === 'error' && event.type === 'given_back') return;
      if (isFinished(before) && event.type !== 'retried') expect(whatStays(after)).toEqual(whatStays(before));
    });
  });

  test('a retry of a finished task, and no other, makes it as new: pending, without attempts, and not cancelled', () => {
    always(({ before, event, after }) => {
      if (event.type !== 'retried') return;
      if (!isFinished(before)) expect(after).toBe(before);
      else {
        const asNew = { state: 'pending', attempts: 0, finished_at: null, next_attempt_at: null, cancelled: null };
        expect(after).toMatchObject({ ...asNew, run_id: before.run_id, session_id: before.session_id });
        expect(after.message).toBe(event.message ?? before.message);
      }
    });
  });

  test('a task that was cancelled is pending no more until it is retried, and ends as completed or as cancelled', () => {
    always(({ before, event, after }) => {
      if (event.type === 'cancelled' && before.state === 'pending') expect(after.state).toBe('error');
      if (after.cancelled == null) return;
      expect(after.state).not.toBe('pending');
      if (after.state === 'error') expect(after.failure?.class).toBe('cancelled');
    });
  });

  test('only a task that waits is edited or moved, and nothing else of it changes', () => {
    always(({ before, event, after }) => {
      if (event.type !== 'edited' && event.type !== 'moved') return;
      if (before.state !== 'pending') expect(after).toBe(before);
      else if (event.type === 'edited') {
        const { message = before.message, priority = before.priority, after: others = before.after } = event;
        const { afterAny: after_any = before.after_any, notBefore: not_before = before.not_before } = event;
        expect(after).toEqual({
          ...before,
          message,
          priority,
          after: others,
          after_any,
          not_before: not_before ?? undefined,
        });
      } else expect(after).toEqual({ ...before, priority: event.priority, place: event.place });
    });
  });

  test('a task whose dependency ended badly fails with it, unless it is to come after any end', () => {
    always(({ before, event, after }) => {
      if (event.type !== 'dependency_ended' || after === before) return;
      const bad = event.outcome !== 'succeeded' && before.after_any !== true;
      expect(after.state).toBe(bad ? 'error' : 'pending');
      if (bad) expect(after.failure?.class).toBe('dependency_failed');
    });
  });

  test('what somebody wants counts once however often it is told', () => {
    always(({ event, after, now }) => {
      if (!['cancelled', 'edited', 'moved', 'dependency_ended', 'child_reopened', 'given_back'].includes(event.type))
        return;
      expect(advance(after, event, now + 5000)).toBe(after);
    });
  });

  test('when it began is known as soon as it has attempts, and not before', () => {
    always(({ after }) => expect((after.begun_at ?? null) !== null).toBe(after.attempts > 0));
  });

  test('attempts are three at the most, grow by one with a claim only, shrink by one with a release or when they are given back only, and end with a retry', () => {
    always(({ before, event, after }) => {
      expect(after.attempts).toBeGreaterThanOrEqual(0);
      expect(after.attempts).toBeLessThanOrEqual(MAX_ATTEMPTS);
      const change = after.attempts - before.attempts;
      if (event.type === 'claimed') expect([0, 1]).toContain(change);
      else if (['released', 'held_up', 'given_back'].includes(event.type)) expect([0, -1]).toContain(change);
      else if (event.type === 'retried') expect(after.attempts).toBe(isFinished(before) ? 0 : before.attempts);
      else expect(change).toBe(0);
    });
  });

  test('the end of another run, and the release of another claim, change nothing', () => {
    always(({ before, event, after }) => {
      if (!['run_ended', 'released', 'held_up', 'not_begun', 'given_back'].includes(event.type) || !('runId' in event))
        return;
      if (event.type === 'claimed') return;
      if (event.runId !== before.run_id) expect(after).toBe(before);
    });
  });

  test('the end of a run, or of a child, counts once however often it is told', () => {
    always(({ event, after, now }) => {
      if (event.type !== 'run_ended' && event.type !== 'child_ended') return;
      expect(advance(after, event, now)).toEqual(after);
      expect(advance(after, event, now + 5000)).toEqual(after);
    });
  });

  test('only a run that succeeded completes a task', () => {
    let succeeded = '';
    always(({ before, event, after }) => {
      if (before.attempts === 0) succeeded = '';
      if (event.type === 'run_ended' && event.runId === before.run_id && event.verdict.outcome === 'succeeded') {
        succeeded = event.runId;
      }
      if (after.state !== 'completed' || before.state === 'completed') return;
      expect(after.run_id).toBe(succeeded);
      if (after.type === 'issue') expect(event.type).toBe('run_ended');
      else expect(after.run?.verdict?.outcome).toBe('succeeded');
    });
  });

  test('only a pending task waits for a next attempt, for the time that the backoff allows', () => {
    always(({ before, event, after, now }) => {
      if (after.state !== 'pending') expect(after.next_attempt_at).toBeNull();
      if (event.type !== 'run_ended' || before.state === 'pending' || after.state !== 'pending') return;
      const wait = Math.min(event.backoff.baseMs * 2 ** (after.attempts - 1), 300_000);
      const waits = Date.parse(after.next_attempt_at ?? '') - now;
      expect(waits).toBeGreaterThanOrEqual(Math.floor(wait * 0.5));
      expect(waits).toBeLessThanOrEqual(wait * 1.5);
    });
  });

  test('a PM task is not completed while a child has not ended, or has ended badly since it was retried', () => {
    always(({ before, after }) => {
      if (after.type !== 'pm' || after.state !== 'completed' || before.state === 'completed') return;
      expect(after.children.filter(({ outcome }) => outcome === null)).toEqual([]);
      // They are all of one issue, and the last word on an issue counts.
      const last = after.children.findLast(({ earlier }) => earlier !== true);
      expect([undefined, 'succeeded']).toContain(last?.outcome);
    });
  });

  test('a PM task whose run has succeeded does not stay open when all of its children have ended', () => {
    always(({ event, after }) => {
      if (event.type !== 'run_ended' && event.type !== 'child_ended') return;
      const done = after.children.every(({ outcome }) => outcome !== null);
      if (after.type === 'pm' && after.run?.verdict?.outcome === 'succeeded' && done)
        expect(isFinished(after)).toBe(true);
    });
  });

  test('a finished task says when it ended, and an error says why', () => {
    always(({ after }) => {
      expect(after.finished_at !== null).toBe(isFinished(after));
      if (after.state === 'error') expect(after.failure).not.toBeNull();
      if (isFinished(after)) expect(after.claimed_by).toBeNull();
    });
  });
});
