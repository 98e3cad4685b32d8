import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inTurn, placeFor, textBetween, type Target, type Turn } from '../../../../src/domain/queue/turns.ts';
import { timeOrderedId } from '../../../../src/util/ids.ts';

const NEWEST = 2_000_000_000_000;
const madeIds = fc
  .tuple(fc.integer({ min: 1_700_000_000_000, max: NEWEST }), fc.uint8Array({ minLength: 8, maxLength: 8 }))
  .map(([ms, bytes]) => timeOrderedId('q_', ms, bytes));
const scriptIds = fc.integer({ min: 1_700_000_000, max: 1_800_000_000 }).map((seconds) => `q_${seconds}_1`);
const tasks = fc.uniqueArray(
  fc.record({ id: fc.oneof({ weight: 4, arbitrary: madeIds }, scriptIds), priority: fc.constantFrom(0, 0, 0, 5, -3) }),
  { minLength: 2, maxLength: 8, selector: ({ id }) => id },
);
const moves = fc.array(
  fc.record({
    which: fc.nat(),
    to: fc.constantFrom('first' as const, 'last' as const, 'before' as const),
    other: fc.nat(),
  }),
  { maxLength: 30 },
);

const ids = (items: readonly Turn[]): string[] => inTurn(items).map(({ id }) => id);

/** What is meant: the list of ids with one of them taken out and put in elsewhere. */
function meant(line: readonly string[], id: string, target: Target): string[] {
  const rest = line.filter((other) => other !== id);
  const at = target.to === 'before' ? rest.indexOf(target.id) : target.to === 'first' ? 0 : rest.length;
  return [...rest.slice(0, at), id, ...rest.slice(at)];
}

describe('tasks', () => {
  test('come in turn by priority, and then as they were made, those of the bash script among them', () => {
    const script = 'q_1743265000';
    const before = timeOrderedId('q_', 1_743_264_000_000, new Uint8Array(8));
    const after = timeOrderedId('q_', 1_743_266_000_000, new Uint8Array(8));
    const items = [
      { id: after, priority: 1 },
      { id: after },
      { id: script },
      { id: before },
      { id: before, priority: -1 },
    ];
    expect(inTurn(items)).toEqual([items[0], items[3], items[2], items[1], items[4]]);
  });

  test('stand where they were moved to, whatever was moved before', () => {
    fc.assert(
      fc.property(tasks, moves, (given, wanted) => {
        let items: readonly Turn[] = given;
        for (const { which, to, other } of wanted) {
          const id = items[which % items.length]?.id ?? '';
          const others = items.filter((item) => item.id !== id);
          const target: Target = to === 'before' ? { to, id: others[other % others.length]?.id ?? '' } : { to };
          const expected = meant(ids(items), id, target);
          const where = placeFor(id, target, items);
          expect(where).toBeDefined();
          items = items.map((item) => (item.id === id ? { ...item, ...where } : item));
          expect(ids(items)).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('that are made later come after one that was moved to the end', () => {
    fc.assert(
      fc.property(tasks, fc.nat(), (given, which) => {
        const plain: Turn[] = given.map(({ id }) => ({ id }));
        const id = plain[which % plain.length]?.id ?? '';
        const where = placeFor(id, { to: 'last' }, plain);
        const next = { id: timeOrderedId('q_', NEWEST + 1, new Uint8Array(8)) };
        const items = [...plain.map((item) => (item.id === id ? { ...item, ...where } : item)), next];
        expect(ids(items).slice(-2)).toEqual([id, next.id]);
      }),
    );
  });

  test('have no place beside one that does not wait, or when they are alone', () => {
    expect(placeFor('q_a', { to: 'before', id: 'q_z' }, [{ id: 'q_a' }, { id: 'q_b' }])).toBeUndefined();
    expect(placeFor('q_a', { to: 'first' }, [{ id: 'q_a' }])).toBeUndefined();
  });
});

test('between any two texts of places there is one that sorts between them', () => {
  const place = fc.stringMatching(/^[0-9a-z]{1,6}[1-9a-z]$/);
  fc.assert(
    fc.property(place, place, (a, b) => {
      fc.pre(a !== b);
      const [low, high] = a < b ? [a, b] : [b, a];
      const middle = textBetween(low, high);
      expect(low < middle && middle < high).toBe(true);
      expect(`${middle}zzz` < high).toBe(true);
      expect(textBetween('', low) < low).toBe(true);
      expect(textBetween(high, undefined) > high).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
