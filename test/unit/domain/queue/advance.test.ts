import { describe, expect, test } from 'vitest';
import { whyChildrenFail } from '../../../../src/domain/queue/end-task.ts';
import { advance, HOST_LOST, isHeldUp, type QueueEvent } from '../../../../src/domain/queue/advance.ts';
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

  test('says which host has had it last, also when it has ended, and none after a claim that came to nothing', () => {
    const by = { ...CLAIMER, host: 'a' };
    const onA = advance(itemWith(), { type: 'claimed', runId: 'r_1', by, run: null }, NOW);
    expect(ended(onA, {})).toMatchObject({ state: 'completed', host: 'a' });
    expect(ended(onA, FAILURE)).toMatchObject({ state: 'pending', host: 'a' });
    const released = advance(onA, { type: 'released', runId: 'r_1', notBefore: null }, NOW);
    expect(released).toMatchObject({ state: 'pending', host: null });
    expect(advance(ended(onA, {}), { type: 'retried', message: null }, NOW)).toMatchObject({ host: null });
    // A home in no fleet says nothing of hosts.
    expect(ended(claimed(itemWith()), {})).not.toHaveProperty('host');
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

  test('has made no attempt when the server of many agents died, unless that happens twice in a row', () => {
    const verdict = { outcome: 'failed', class: 'engine_died', retryable: true } as const;
    const once = ended(claimed(itemWith()), verdict);
    expect(once).toMatchObject({
      state: 'pending',
      attempts: 0,
      next_attempt_at: null,
      failure: { class: 'engine_died' },
    });
    expect(ended(claimed(once), verdict)).toMatchObject({ state: 'pending', attempts: 1 });
    expect(ended(claimed(ended(claimed(once), FAILURE)), verdict)).toMatchObject({ state: 'pending', attempts: 1 });
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

  test.each(['failed', 'lost'] as const)('with a child that ended %s fails, and says which', (outcome) => {
    const item = advance(ended(withChild, {}), { type: 'child_ended', id: 'r_child', outcome }, NOW);
    expect(item).toMatchObject({ state: 'error', failure: { class: 'child_failed' } });
    expect(item.failure?.message).toContain(`forge.test/acme/demo#2 (${outcome})`);
  });

  test.each([
    ['child_stopped', { outcome: 'stopped' }],
    ['child_not_begun', { outcome: 'failed', not_begun: true }],
  ] as const)('ends as %s with a child of %j, and says which', (name, how) => {
    const item = advance(ended(withChild, {}), { type: 'child_ended', id: 'r_child', ...how }, NOW);
    expect(item).toMatchObject({ state: 'error', failure: { class: name } });
    expect(item.failure?.message).toMatch(/: forge\.test\/acme\/demo#2$/);
  });

  test.each([
    ['nothing', [], undefined],
    ['a stop', ['stopped'], 'child_stopped'],
    ['a stop, and what could not begin', ['stopped', 'gone'], 'child_not_begun'],
    ['what could not begin, and a failure', ['gone', 'failed'], 'child_failed'],
    ['a stop, and a failure', ['stopped', 'failed'], 'child_failed'],
    ['what was stopped before a retry', ['earlier'], undefined],
    ['what was stopped, and done later', ['stopped', 'done'], undefined],
  ] as const)('with %s among its children ends accordingly', (_, names, expected) => {
    const kinds = {
      stopped: childWith({ outcome: 'stopped' }),
      gone: childWith({ kind: 'item', outcome: 'lost', issue_ref: null }),
      failed: childWith({ outcome: 'failed', issue_ref: null }),
      earlier: childWith({ outcome: 'stopped', earlier: true }),
      done: childWith({ outcome: 'succeeded' }),
    };
    const children = names.map((name, index) => ({ ...kinds[name], id: `c_${index}` }));
    expect(whyChildrenFail({ children })?.class).toBe(expected);
  });

  test.each<[string, QueueEvent]>([
    ['refused', { type: 'refused', class: 'x', message: 'y' }],
    ['never began', { type: 'not_begun', runId: 'r_1', failure: { class: 'x', message: 'y' }, backoff: BACKOFF }],
  ])('learns that a task it waits for could not begin: %s', (_, event) => {
    const last = { ...claimed(itemWith()), attempts: 3 };
    expect(advance(last, event, NOW)).toMatchObject({ state: 'error', failure: { class: 'x', not_begun: true } });
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

describe('a task whose host was lost', () => {
  const LOST = { ...FAILURE, class: HOST_LOST } as const;

  test('ends by the verdict of its run that comes later, as long as nobody has begun it anew', () => {
    for (const item of [itemWith(), pmItemWith()]) {
      const lost = ended(claimed(item), LOST);
      expect(lost).toMatchObject({ state: 'pending', failure: { class: HOST_LOST } });
      expect(ended(lost, { reply: 'fixed' })).toMatchObject({
        state: 'completed',
        attempts: 1,
        next_attempt_at: null,
        reply: 'fixed',
        failure: null,
      });
      const again = claimed(lost, 'r_2');
      expect(ended(again, { reply: 'fixed' }, 'r_1')).toBe(again);
    }
  });

  test('waits for what its PM agent has started, and does not begin again', () => {
    const lost = ended({ ...claimed(pmItemWith()), children: [childWith()] }, LOST);
    const waiting = ended(lost, {});
    expect(waiting).toMatchObject({ state: 'notified', next_attempt_at: null, failure: null });
    const event = { type: 'child_ended', id: 'r_child', outcome: 'succeeded', not_begun: false } as const;
    expect(advance(waiting, event, NOW)).toMatchObject({ state: 'completed', attempts: 1 });
  });
});
