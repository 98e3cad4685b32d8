import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formOfItem } from '../../../../src/domain/queue/item-form.ts';
import { QueueItemSchema, type QueueItem } from '../../../../src/domain/queue/queue-item.ts';
import { byTime, isTaskId, madeAt } from '../../../../src/domain/issues/task-id.ts';
import { timeOrderedId } from '../../../../src/util/ids.ts';

const ID = 'q_1774800000';

function read(value: unknown, id: string = ID): QueueItem {
  return QueueItemSchema.parse(formOfItem(id).complete?.(value));
}

describe('an id of the bash script', () => {
  test.each([
    'q_1774800000',
    'q_1774800000_4242',
    'q_1774800000-17',
    'q_1774800000-424242',
    'q_1774800000123',
    'q_1774800000123456789',
  ])('%s is one, and says when it was made', (id) => {
    expect(isTaskId(id)).toBe(true);
    expect(Math.floor(madeAt(id) / 1000)).toBe(1_774_800_000);
  });

  test('is none with anything that could be a path, or an option', () => {
    for (const id of ['q_', 'q_12', 'q_1774800000_../x', 'q_1774800000_', 'Q_1774800000', '-q_1774800000']) {
      expect(isTaskId(id)).toBe(false);
    }
  });

  test('stands among others by its time, whatever they are', () => {
    const times = fc.uniqueArray(fc.integer({ min: 1_500_000_000, max: 4_000_000_000 }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(times, fc.infiniteStream(fc.boolean()), (seconds, scripts) => {
        const ids = seconds.map((each) =>
          scripts.next().value === true ? `q_${each}` : timeOrderedId('q_', each * 1000 + 1, new Uint8Array(8)),
        );
        expect(byTime(ids).map((id) => Math.floor(madeAt(id) / 1000))).toEqual(seconds.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe('a task of the bash script', () => {
  test("is its issue's agent's when it has one, and the PM agent's otherwise", () => {
    const task = { message: 'x', state: 'pending' };
    expect(read({ ...task, issue_ref: 'GitHub.com/a/b#14' })).toMatchObject({
      type: 'issue',
      issue_ref: 'github.com/a/b#14',
    });
    for (const issue_ref of ['', null, undefined])
      expect(read({ ...task, issue_ref })).toMatchObject({ type: 'pm', issue_ref: null });
  });

  test('keeps what is no whole ref for the PM agent to read', () => {
    expect(read({ message: 'fix it', issue_ref: 'a/b#14' })).toMatchObject({ type: 'pm', message: 'a/b#14: fix it' });
    expect(read({ message: 'fix a/b#14', issue_ref: 'a/b#14' }).message).toBe('fix a/b#14');
  });

  test('gets what it lacks, and keeps what nobody knows any more', () => {
    expect(read({ message: 'x', retries: 2 })).toMatchObject({
      id: ID,
      state: 'pending',
      attempts: 0,
      parent: null,
      children: [],
      retries: 2,
      created_at: expect.stringMatching(/^2026-03-29T/),
    });
    expect(read({ message: 'x', attempts: '2', created_at: 1_774_800_000 })).toMatchObject({
      attempts: 2,
      created_at: expect.stringMatching(/^2026-03-29T/),
    });
  });

  test('of today stays as it is', () => {
    const item = { type: 'pm', message: 7 };
    expect(formOfItem(ID).complete?.(item)).toBe(item);
  });
});
