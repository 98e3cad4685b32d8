import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { bar } from '../../../../src/cli/views/stats.ts';
import type { EndedRun } from '../../../../src/domain/runs/ended-runs.ts';
import { figuresOf, groupFigures } from '../../../../src/domain/runs/run-figures.ts';

function ended(changes: Partial<EndedRun> = {}): EndedRun {
  return {
    run: 'r_1',
    at: '2026-03-29T18:16:10+02:00',
    kind: 'start',
    issue_ref: 'github.com/shoko/kugetsu#14',
    task: null,
    outcome: 'succeeded',
    class: 'ok',
    ms: 1000,
    steps: 2,
    tokens: { input: 100, output: 20, reasoning: 3, cache_read: 4, cache_write: 5 },
    cost: 0.5,
    model: 'test/model',
    ...changes,
  };
}

test('the figures of runs are their sums, with the classes', () => {
  const failed = ended({ outcome: 'failed', class: 'stall_timeout', cost: 0.25 });
  expect(figuresOf([ended(), ended(), failed])).toEqual({
    runs: 3,
    succeeded: 2,
    failed: 1,
    stopped: 0,
    classes: { ok: 2, stall_timeout: 1 },
    ms: 3000,
    steps: 6,
    tokens: 396,
    input_tokens: 300,
    output_tokens: 69,
    cache_tokens: 27,
    cost: 1.25,
  });
});

test('days are in their order, and the rest by what it cost', () => {
  const runs = [
    ended({ at: '2026-03-30T00:10:00+02:00', issue_ref: 'github.com/shoko/other#1', cost: 2 }),
    ended({ issue_ref: null, kind: 'pm', model: null, cost: 1 }),
    ended(),
  ];
  const keys = (by: Parameters<typeof groupFigures>[1]): string[] => groupFigures(runs, by).map(({ key }) => key);
  expect(keys('day')).toEqual(['2026-03-29', '2026-03-30']);
  expect(keys('issue')).toEqual(['github.com/shoko/other#1', 'pm-agent', 'github.com/shoko/kugetsu#14']);
  expect(keys('repo')).toEqual(['github.com/shoko/other', 'pm-agent', 'github.com/shoko/kugetsu']);
  expect(keys('model')).toEqual(['test/model', '-']);
});

test('every run is in one group, whatever runs are put together by', () => {
  const anyRun = record({
    outcome: constantFrom('succeeded' as const, 'failed' as const, 'stopped' as const),
    issue_ref: constantFrom('a.b/c/d#1', 'a.b/c/d#2', 'a.b/c/e#-x', null),
    model: constantFrom('p/m', null),
    ms: integer({ min: 0, max: 1000 }),
  });
  assert(
    property(array(anyRun), constantFrom('day', 'issue', 'repo', 'model'), (changes, by) => {
      const runs = changes.map((change) => ended(change));
      const groups = groupFigures(runs, by);
      const total = figuresOf(runs);
      for (const key of ['runs', 'succeeded', 'failed', 'stopped', 'ms', 'tokens'] as const) {
        expect(groups.reduce((sum, group) => sum + group[key], 0)).toBe(total[key]);
      }
      expect(total.succeeded + total.failed + total.stopped).toBe(total.runs);
    }),
  );
});

test('a bar is as long as its share, and never empty for something', () => {
  expect(bar(0, 10)).toBe('');
  expect(bar(10, 10)).toBe('█'.repeat(16));
  expect(bar(5, 10)).toBe('█'.repeat(8));
  expect(bar(0.001, 10)).toBe('▏');
});
