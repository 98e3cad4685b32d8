import { describe, expect, test } from 'vitest';
import { advance, type QueueEvent } from '../../../../src/domain/queue/advance.ts';
import type { QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { isoMsWithOffset } from '../../../../src/util/time.ts';
import { CLAIMER, childWith, itemWith, NOW, pmItemWith } from '../../support/queue-items.ts';
import { runWith, verdictWith } from '../../support/runs.ts';

const BACKOFF = { baseMs: 10_000, jitter: 1 };
const CANCEL = { type: 'cancelled', message: 'a person cancelled it' } as const;
const RETRY = { type: 'retried', message: null } as const;

const after = (item: QueueItem, ...events: readonly QueueEvent[]): QueueItem =>
  events.reduce((current, event) => advance(current, event, NOW), item);

const claim = (item: QueueItem, runId = 'r_1'): QueueItem => {
  const run = item.type === 'pm' ? runWith({ id: runId, kind: 'pm' }) : null;
  return after(item, { type: 'claimed', runId, by: CLAIMER, run });
};
const ends = (changes: Parameters<typeof verdictWith>[0], runId = 'r_1'): QueueEvent => {
  return { type: 'run_ended', runId, verdict: verdictWith(changes), backoff: BACKOFF };
};
const FAILS = ends({ outcome: 'failed', class: 'model_unavailable', message: 'status 500', retryable: true });

describe('a task that is cancelled', () => {
  test('while it waits is an error of that class', () => {
    expect(after(itemWith(), CANCEL)).toMatchObject({
      state: 'error',
      failure: { class: 'cancelled', message: 'a person cancelled it' },
    });
  });

  test('while an agent has it stays claimed, and is not tried again when the run fails', () => {
    const marked = after(claim(itemWith()), CANCEL);
    expect(marked).toMatchObject({ state: 'notified', cancelled: { message: 'a person cancelled it' } });
    expect(after(marked, FAILS)).toMatchObject({ state: 'error', failure: { class: 'cancelled' } });
    const stopped = ends({ outcome: 'stopped', class: 'stopped', retryable: false });
    expect(after(marked, stopped)).toMatchObject({ state: 'error', failure: { class: 'cancelled' } });
  });

  test('does not go back into the queue when its claim comes to nothing', () => {
    const marked = after(claim(itemWith()), CANCEL);
    expect(after(marked, { type: 'released', runId: 'r_1', notBefore: null })).toMatchObject({
      state: 'error',
      failure: { class: 'cancelled' },
    });
  });

  test('is completed all the same when its run had succeeded by then', () => {
    expect(after(claim(itemWith()), CANCEL, ends({})).state).toBe('completed');
  });

  test('while it waits for its children ends with them', () => {
    const child = childWith();
    const waiting = after(claim(pmItemWith()), { type: 'child_added', child }, ends({}), CANCEL);
    expect(waiting.state).toBe('notified');
    expect(after(waiting, { type: 'child_ended', id: child.id, outcome: 'stopped' })).toMatchObject({
      state: 'error',
      failure: { class: 'cancelled' },
    });
  });

  test('after its end stays as it ended', () => {
    const done = after(claim(itemWith()), ends({}));
    expect(after(done, CANCEL)).toBe(done);
  });
});

describe('a task that is retried', () => {
  const failed = after(claim(itemWith()), ends({ outcome: 'failed', class: 'no_credentials', retryable: false }));

  test('waits again with three attempts, and tells its agent how it ended', () => {
    expect(after(failed, RETRY)).toMatchObject({ state: 'pending', attempts: 0, failure: { class: 'no_credentials' } });
    let item = after(failed, RETRY);
    for (const runId of ['r_2', 'r_3', 'r_4']) {
      expect(item.state).toBe('pending');
      item = after(claim(item, runId), { ...FAILS, runId } as QueueEvent);
    }
    expect(item.state).toBe('error');
  });

  test('that never began has no failure that an agent would be told of', () => {
    expect(after(itemWith(), CANCEL, RETRY)).toMatchObject({ state: 'pending', failure: null, cancelled: null });
  });

  test('while it is open is left alone', () => {
    const claimed = claim(itemWith());
    for (const item of [itemWith(), claimed]) expect(after(item, RETRY)).toBe(item);
  });

  test('asks anew for what it comes after and that had ended badly', () => {
    const item = itemWith({
      state: 'error',
      after: [
        { id: 'q_1', outcome: 'succeeded' },
        { id: 'q_2', outcome: 'failed' },
      ],
    });
    expect(after(item, RETRY).after?.map(({ outcome }) => outcome)).toEqual(['succeeded', null]);
  });

  test('as a PM task is not held to the children that failed before, but waits for those that go on', () => {
    const bad = childWith({ id: 'r_bad' });
    const open = childWith({ id: 'r_open', issue_ref: 'forge.test/acme/demo#3' });
    const over = after(
      claim(pmItemWith()),
      { type: 'child_added', child: bad },
      { type: 'child_added', child: open },
      { type: 'child_ended', id: 'r_bad', outcome: 'failed' },
      { type: 'refused', class: 'x', message: 'y' },
    );
    const again = after(claim(after(over, RETRY), 'r_2'), ends({}, 'r_2'));
    expect(again.state).toBe('notified');
    expect(after(again, { type: 'child_ended', id: 'r_open', outcome: 'succeeded' }).state).toBe('completed');
  });

  test('as a child is open again for the task that waits for it', () => {
    const waiting = after(
      claim(pmItemWith()),
      { type: 'child_added', child: childWith({ id: 'q_1' }) },
      { type: 'child_added', child: childWith({ id: 'q_2' }) },
      { type: 'child_ended', id: 'q_1', outcome: 'failed' },
      ends({}),
      { type: 'child_reopened', id: 'q_1' },
      { type: 'child_ended', id: 'q_2', outcome: 'succeeded' },
    );
    expect(waiting.state).toBe('notified');
    expect(after(waiting, { type: 'child_ended', id: 'q_1', outcome: 'succeeded' }).state).toBe('completed');
  });

  test('as a child has not ended by an end of before, but for a minute later, when nobody has put it into the queue', () => {
    const waiting = after(
      claim(pmItemWith()),
      { type: 'child_added', child: childWith({ id: 'q_1' }) },
      { type: 'child_ended', id: 'q_1', outcome: 'failed' },
      { type: 'child_added', child: childWith({ id: 'q_2' }) },
      ends({}),
      { type: 'child_reopened', id: 'q_1' },
    );
    const before = { type: 'child_ended', id: 'q_1', outcome: 'failed', endedAt: isoMsWithOffset(NOW - 1) } as const;
    expect(advance(waiting, before, NOW + 59_999)).toBe(waiting);
    expect(advance(waiting, before, NOW + 60_000).children[0]).toMatchObject({ outcome: 'failed' });
    const later = { ...before, outcome: 'succeeded', endedAt: isoMsWithOffset(NOW + 1) } as const;
    expect(advance(waiting, later, NOW + 2).children[0]).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('a task that comes after others', () => {
  const both = [
    { id: 'q_1', outcome: null },
    { id: 'q_2', outcome: null },
  ];

  test('waits on when one succeeded, and fails when one did not, with its name', () => {
    const one = after(itemWith({ after: both }), { type: 'dependency_ended', id: 'q_1', outcome: 'succeeded' });
    expect(one).toMatchObject({ state: 'pending', after: [{ outcome: 'succeeded' }, { outcome: null }] });
    expect(after(one, { type: 'dependency_ended', id: 'q_2', outcome: 'failed' })).toMatchObject({
      state: 'error',
      failure: { class: 'dependency_failed', message: 'it was to come after q_2, which ended in error' },
    });
  });

  test('takes any end when it was told to', () => {
    const item = itemWith({ after: both, after_any: true });
    expect(after(item, { type: 'dependency_ended', id: 'q_1', outcome: 'lost' }).state).toBe('pending');
  });
});

describe('a task whose attempt is given back', () => {
  const GIVEN_BACK = { type: 'given_back', runId: 'r_1' } as const;
  const REFUSED = ends({ outcome: 'failed', class: 'no_credentials', retryable: false });

  test('has one attempt more, and waits for nothing', () => {
    const waiting = after(claim(itemWith()), FAILS);
    expect(waiting.attempts).toBe(1);
    expect(after(waiting, GIVEN_BACK)).toMatchObject({ state: 'pending', attempts: 0, next_attempt_at: null });
  });

  test('waits again when it had ended in error, with the attempts that it had before', () => {
    const second = { ...itemWith(), attempts: 1 };
    const ended = after(claim(second), REFUSED);
    expect(ended).toMatchObject({ state: 'error', attempts: 2 });
    expect(after(ended, GIVEN_BACK)).toMatchObject({ state: 'pending', attempts: 1, finished_at: null });
  });

  test('stays as it is once another run has it, after a success, when it is given back again, or when it was cancelled', () => {
    const claimed = claim(after(claim(itemWith()), FAILS), 'r_2');
    expect(after(claimed, GIVEN_BACK)).toBe(claimed);
    const done = after(claim(itemWith()), ends({}));
    expect(after(done, GIVEN_BACK)).toBe(done);
    const once = after(claim(itemWith()), FAILS, GIVEN_BACK);
    expect(after(once, GIVEN_BACK)).toBe(once);
    const cancelled = after(claim(itemWith()), CANCEL, FAILS);
    expect(after(cancelled, GIVEN_BACK)).toBe(cancelled);
  });
});
