import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, isFinished, isHeldUp, MAX_ATTEMPTS, type QueueEvent } from '../../../../src/domain/queue/advance.ts';
import type { QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { CLAIMER, childWith, itemWith, NOW, pmItemWith } from '../../support/queue-items.ts';
import { runWith, verdictWith } from '../../support/runs.ts';

const BACKOFF = { baseMs: 10_000, jitter: 1 };
const FAILURE = { outcome: 'failed', class: 'model_unavailable', message: 'status 500', retryable: true } as const;

function claimed(item: QueueItem, runId = 'r_1'): QueueItem {
  const run = item.type === 'pm' ? runWith({ id: runId, kind: 'pm' }) : null;
  return advance(item, { type: 'claimed', runId, by: CLAIMER, run }, NOW);
}

function ended(item: QueueItem, verdict: Parameters<typeof verdictWith>[0], runId = item.run_id ?? ''): QueueItem {
  return advance(item, { type: 'run_ended', runId, verdict: verdictWith(verdict), backoff: BACKOFF }, NOW);
}

/** The task after `times` attempts that failed in a way that may pass. */
function failedTimes(times: number, item: QueueItem = itemWith()): QueueItem {
  let current = item;
  for (let attempt = 1; attempt <= times; attempt += 1) current = ended(claimed(current, `r_${attempt}`), FAILURE);
  return current;
}

describe('a development task', () => {
  test('is completed by a run that succeeded, with its reply', () => {
    expect(ended(claimed(itemWith()), { reply: 'fixed' })).toMatchObject({
      state: 'completed',
      attempts: 1,
      reply: 'fixed',
      failure: null,
      claimed_by: null,
      finished_at: expect.stringContaining('2026-03-29T'),
    });
  });

  test.each([
    [1, 10_000],
    [2, 20_000],
  ])('waits after failed attempt %i for %i ms, and keeps the reason', (attempts, wait) => {
    const item = failedTimes(attempts);
    expect(item).toMatchObject({
      state: 'pending',
      attempts,
      failure: { class: 'model_unavailable' },
      claimed_by: null,
    });
    expect(Date.parse(item.next_attempt_at ?? '') - NOW).toBe(wait);
  });

  test('waits five minutes at the most', () => {
    const backoff = { baseMs: 200_000, jitter: 1 };
    const verdict = verdictWith(FAILURE);
    const item = advance(claimed(failedTimes(1)), { type: 'run_ended', runId: 'r_1', verdict, backoff }, NOW);
    expect(Date.parse(item.next_attempt_at ?? '') - NOW).toBe(300_000);
  });

  test('is given up after three failed attempts', () => {
    expect(failedTimes(3)).toMatchObject({
      state: 'error',
      attempts: 3,
      next_attempt_at: null,
      failure: { class: 'model_unavailable', message: 'status 500' },
    });
  });

  test('is given up at once when trying again cannot help', () => {
    const verdict = { outcome: 'failed', class: 'no_credentials', retryable: false } as const;
    expect(ended(claimed(itemWith()), verdict)).toMatchObject({ state: 'error', attempts: 1, next_attempt_at: null });
  });

  test('is given up when a person stopped its agent, although the reason might pass', () => {
    const verdict = { outcome: 'stopped', class: 'stopped', retryable: true } as const;
    expect(ended(claimed(itemWith()), verdict)).toMatchObject({ state: 'error', failure: { class: 'stopped' } });
  });

  test('that was released has made no attempt, and waits as long as it was told', () => {
    const item = advance(claimed(failedTimes(1)), { type: 'released', runId: 'r_1', notBefore: NOW + 60_000 }, NOW);
    expect(item).toMatchObject({ state: 'pending', attempts: 1, run_id: null, claimed_by: null, run: null });
    expect(Date.parse(item.next_attempt_at ?? '')).toBe(NOW + 60_000);
  });

  test('that kugetsu was not ready for has made no attempt, waits, and knows why', () => {
    const failure = { class: 'git_missing', message: 'git is not on PATH' };
    const item = advance(claimed(itemWith()), { type: 'held_up', runId: 'r_1', notBefore: NOW + 60_000, failure }, NOW);
    expect(item).toMatchObject({ state: 'pending', attempts: 0, run_id: null, run: null, failure });
    expect(isHeldUp(item)).toBe(true);
    expect(isHeldUp(claimed(item))).toBe(true);
    expect(isHeldUp(failedTimes(1))).toBe(false);
  });

  test('that could not begin for a reason that passes is tried again, three times', () => {
    const failure = { class: 'git_failed', message: 'a network' };
    let item = itemWith();
    for (const state of ['pending', 'pending', 'error']) {
      const backoff = { baseMs: 1000, jitter: 1 };
      item = advance(claimed(item), { type: 'not_begun', runId: 'r_1', failure, backoff }, NOW);
      expect(item).toMatchObject({ state, failure });
    }
    expect(item.attempts).toBe(3);
  });

  test('that was claimed anew is not released for the sake of an older claim', () => {
    const item = claimed(itemWith(), 'r_2');
    expect(advance(item, { type: 'released', runId: 'r_1', notBefore: null }, NOW)).toBe(item);
  });

  test('that is claimed already is not claimed again', () => {
    const item = claimed(itemWith());
    expect(claimed(item, 'r_2')).toBe(item);
  });

  test('that was refused ends with the reason', () => {
    const event = { type: 'refused', class: 'bad_ref', message: 'no such repository' } as const;
    expect(advance(claimed(itemWith()), event, NOW)).toMatchObject({
      state: 'error',
      failure: { class: 'bad_ref', message: 'no such repository' },
    });
  });
});

describe('a PM task', () => {
  const withChild = advance(claimed(pmItemWith()), { type: 'child_added', child: childWith() }, NOW);

  test('that started nothing is completed by its run', () => {
    expect(ended(claimed(pmItemWith()), { reply: 'nothing to do' })).toMatchObject({
      state: 'completed',
      reply: 'nothing to do',
    });
  });

  test('waits for what it started, and is completed with the last of it', () => {
    const waiting = ended(withChild, { reply: 'one agent is at work' });
    expect(waiting).toMatchObject({ state: 'notified', claimed_by: null, finished_at: null });
    const done = advance(waiting, { type: 'child_ended', id: 'r_child', outcome: 'succeeded' }, NOW);
    expect(done).toMatchObject({ state: 'completed', reply: 'one agent is at work' });
    expect(done.children).toEqual([childWith({ outcome: 'succeeded' })]);
  });

  test('is not completed by its child while its own run is on', () => {
    const item = advance(withChild, { type: 'child_ended', id: 'r_child', outcome: 'succeeded' }, NOW);
    expect(item.state).toBe('notified');
    expect(ended(item, {}).state).toBe('completed');
  });

  test.each(['failed', 'stopped', 'lost'] as const)('with a child that ended %s fails, and says which', (outcome) => {
    const item = advance(ended(withChild, {}), { type: 'child_ended', id: 'r_child', outcome }, NOW);
    expect(item).toMatchObject({ state: 'error', failure: { class: 'child_failed' } });
    expect(item.failure?.message).toContain(`forge.test/acme/demo#2 (${outcome})`);
  });

  test('whose run has succeeded is not tried again by a late other verdict on that run', () => {
    const waiting = ended(withChild, { reply: 'one agent is at work' });
    expect(ended(waiting, { ...FAILURE, class: 'runner_died' })).toEqual(waiting);
  });

  test('knows each child once', () => {
    expect(advance(withChild, { type: 'child_added', child: childWith() }, NOW)).toBe(withChild);
  });

  test('that is over still learns how its child ended, and stays as it is', () => {
    const over = advance(withChild, { type: 'refused', class: 'x', message: 'y' }, NOW);
    const item = advance(over, { type: 'child_ended', id: 'r_child', outcome: 'failed' }, NOW);
    expect(item).toEqual({ ...over, children: [childWith({ outcome: 'failed' })] });
  });
});

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
  );
};

// `refused` ends a task at once, so histories with it are short ones.
const histories = fc.constantFrom<QueueItem['type']>('issue', 'pm').chain((type) =>
  fc.record({
    start: fc.constant(type === 'pm' ? pmItemWith() : itemWith()),
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

  test('completed and error are never left, and what they say does not change', () => {
    always(({ before, after }) => {
      if (isFinished(before)) expect(whatStays(after)).toEqual(whatStays(before));
    });
  });

  test('attempts are three at the most, grow by one with a claim only, and shrink by one with a release only', () => {
    always(({ before, event, after }) => {
      expect(after.attempts).toBeGreaterThanOrEqual(0);
      expect(after.attempts).toBeLessThanOrEqual(MAX_ATTEMPTS);
      const change = after.attempts - before.attempts;
      if (event.type === 'claimed') expect([0, 1]).toContain(change);
      else if (event.type === 'released' || event.type === 'held_up') expect([0, -1]).toContain(change);
      else expect(change).toBe(0);
    });
  });

  test('the end of another run, and the release of another claim, change nothing', () => {
    always(({ before, event, after }) => {
      if (!['run_ended', 'released', 'held_up', 'not_begun'].includes(event.type) || !('runId' in event)) return;
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

  test('a PM task is not completed while a child has not ended, or has ended badly', () => {
    always(({ before, after }) => {
      if (after.type !== 'pm' || after.state !== 'completed' || before.state === 'completed') return;
      expect(after.children.filter(({ outcome }) => outcome === null)).toEqual([]);
      // They are all of one issue, and the last word on an issue counts.
      expect([undefined, 'succeeded']).toContain(after.children.at(-1)?.outcome);
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

describe('a PM task whose agent is done, and which waits for its child', () => {
  const waiting = ended(advance(claimed(pmItemWith()), { type: 'child_added', child: childWith({ id: 'c_1' }) }, NOW), {
    outcome: 'succeeded',
  });
  const failure = { class: 'git_failed', message: 'a network' };

  test.each<QueueEvent>([
    { type: 'released', runId: 'r_1', notBefore: null },
    { type: 'held_up', runId: 'r_1', notBefore: NOW, failure },
    { type: 'not_begun', runId: 'r_1', failure, backoff: BACKOFF },
  ])('does not go back into the queue: $type', (event) => {
    expect(waiting.state).toBe('notified');
    expect(advance(waiting, event, NOW)).toBe(waiting);
  });
});

describe('a PM task whose agent has tried something again', () => {
  const withChildren = (...outcomes: readonly ('succeeded' | 'failed')[]): QueueItem => ({
    ...claimed(itemWith({ type: 'pm' })),
    run: runWith({ id: 'r_1', kind: 'pm', phase: 'ended', verdict: verdictWith({ outcome: 'succeeded' }) }),
    children: outcomes.map((outcome, index) => ({
      kind: 'run',
      id: `c_${index}`,
      issue_ref: 'forge.test/acme/demo#1',
      outcome,
    })),
  });

  test('is completed when the last word on the issue is a success', () => {
    expect(advance(withChildren('failed', 'succeeded'), { type: 'children_checked' }, NOW).state).toBe('completed');
  });

  test('is an error when the last word on the issue is a failure', () => {
    expect(advance(withChildren('succeeded', 'failed'), { type: 'children_checked' }, NOW).state).toBe('error');
  });
});
