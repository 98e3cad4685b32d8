import { array, assert, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { mostAtOnce, type Span } from '../../../../src/cli/web/figures.ts';

const most = (spans: readonly Span[]): number[] =>
  mostAtOnce(spans, { from: 0, to: 40, steps: 4 }).map(({ most: count }) => count);

test('what is over before another begins is not at work beside it', () => {
  expect(
    most([
      { from: 0, to: 5 },
      { from: 5, to: 9 },
      { from: 12, to: 18 },
      { from: 14, to: 35 },
      { from: -9, to: 1 },
    ]),
  ).toEqual([2, 2, 1, 1]);
  expect(most([])).toEqual([0, 0, 0, 0]);
  expect(mostAtOnce([], { from: 0, to: 40, steps: 4 }).map(({ at }) => at)).toEqual([0, 10, 20, 30]);
});

test('in each piece of time there are as many as at its fullest moment', () => {
  const span = record({ from: integer({ min: -10, max: 50 }), ms: integer({ min: 1, max: 30 }) });
  assert(
    property(array(span.map(({ from, ms }) => ({ from, to: from + ms }))), (spans) => {
      const moments = Array.from(
        { length: 40 },
        (_, at) => spans.filter(({ from, to }) => from <= at && to > at).length,
      );
      expect(most(spans)).toEqual([0, 1, 2, 3].map((index) => Math.max(...moments.slice(index * 10, index * 10 + 10))));
    }),
  );
});
