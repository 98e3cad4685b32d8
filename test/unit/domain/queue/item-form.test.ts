import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlainItem } from '../../../../src/domain/queue/item-form.ts';
import { QueueItemSchema } from '../../../../src/domain/queue/queue-item.ts';
import { childWith, itemWith, pmItemWith } from '../../support/queue-items.ts';
import { runWith } from '../../support/runs.ts';

const FAILURE = { class: 'no_slot', message: 'none is free', at: '2026-03-29T18:16:10.000+02:00' };
const DEPENDENCY = { id: 'q_0mwrzy3vsoanbch2t', outcome: null };

/** A task that waits with all that people ask for, and one that has ended. */
const PLAIN: readonly object[] = [
  itemWith(),
  pmItemWith(),
  itemWith({ priority: 3, place: 'i', after: [DEPENDENCY], after_any: true, not_before: '2999-01-01T00:00:00+00:00' }),
  itemWith({ failure: FAILURE, attempts: 2, next_attempt_at: FAILURE.at, begun_at: FAILURE.at, cancelled: null }),
  itemWith({ state: 'completed', finished_at: FAILURE.at, reply: 'done', run_id: 'r_1', retried_at: FAILURE.at }),
  itemWith({ state: 'completed', finished_at: FAILURE.at, host: 'a' }),
  itemWith({ host: null }),
  { ...itemWith(), of_a_later_version: { any: ['thing'] } },
];

test.each(PLAIN.map((item) => [item]))('what waits, and most of what has ended, needs no schema: %j', (item) => {
  expect(isPlainItem(item)).toBe(true);
});

const keys = fc.constantFrom(...Object.keys(QueueItemSchema.shape), '__proto__', 'of_a_later_version');

/** Values that some key may have, and near misses of them. */
const values = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, 'pending', 'issue', 'x', 0, 1.5, 2 ** 60, [], [null], {}),
  fc.constantFrom<unknown>([DEPENDENCY], [{ ...DEPENDENCY, outcome: 'pending' }], [{ outcome: null }], [DEPENDENCY, 1]),
  fc.constantFrom<unknown>([childWith()], runWith(), { pid: 1, process_start: '1', boot_id: 'b' }),
  fc.constantFrom<unknown>(FAILURE, { ...FAILURE, not_begun: true }, { ...FAILURE, at: 1 }, { class: 'x' }),
  fc.constantFrom<unknown>({ ...FAILURE, not_begun: 'yes' }, JSON.parse('{"__proto__": {"class": "x"}}')),
  fc.jsonValue(),
);

test('what is called plain is what the schema makes of it, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PLAIN),
      fc.array(fc.tuple(keys, values), { minLength: 1, maxLength: 3 }),
      (item, changes) => {
        const entries = new Map<string, unknown>([...Object.entries(item), ...changes]);
        // As it comes from a file: what is undefined is not there.
        const value: unknown = JSON.parse(JSON.stringify(Object.fromEntries(entries)));
        if (!isPlainItem(value)) return;
        const parsed = QueueItemSchema.safeParse(value);
        expect(parsed.error?.issues).toBeUndefined();
        expect(parsed.data).toEqual(value);
      },
    ),
    { numRuns: 3000 },
  );
});

test('what is no object is not plain', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      if (isPlainItem(value)) expect(QueueItemSchema.safeParse(value).success).toBe(true);
    }),
  );
});
