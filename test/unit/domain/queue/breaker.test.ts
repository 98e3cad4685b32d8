import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterEnd,
  breakerWords,
  CLOSED,
  isOpen,
  isOutage,
  wantsTrial,
  type TaskEnd,
} from '../../../../src/domain/queue/breaker.ts';
import type { Breaker } from '../../../../src/domain/queue/breaker-schema.ts';
import { NOW } from '../../support/queue-items.ts';

const MINUTE = 60_000;
const LIMITS = { failures: 3, breakMs: 10 * MINUTE };

let runs = 0;
const end = (task: string, changes: Partial<TaskEnd> = {}): TaskEnd => {
  runs += 1;
  return { task, run: `r_${runs}`, outcome: 'failed', class: 'no_credentials', message: 'refused (401)', ...changes };
};
const SUCCESS = { outcome: 'succeeded', class: 'ok' } as const;
const after = (ends: readonly TaskEnd[], from: Breaker = CLOSED, now = NOW): Breaker =>
  ends.reduce((breaker, each) => afterEnd(breaker, each, { limits: LIMITS, now }), from);
const HERE = { isOfFleet: false };
const opened = (): Breaker => after([end('a'), end('b'), end('c')]);

describe('what many tasks would fail of in the same way', () => {
  test.each([
    'no_credentials',
    'rate_limited',
    'model_unavailable',
    'disk_full',
    'opencode_failed',
    'opencode_hangs',
    'git_failed',
    'git_missing',
    'repository_unreachable',
    'lfs_unreachable',
  ])('%s is', (name) => expect(isOutage(name)).toBe(true));

  test.each([
    'stall_timeout',
    'agent_killed',
    'unfinished',
    'over_budget',
    'check_failed',
    'repository_not_found',
    'ok',
  ])('%s is not', (name) => expect(isOutage(name)).toBe(false));
});

describe('the breaker', () => {
  test('opens with the third task in a row that ends with the same class, for ten minutes', () => {
    expect(isOpen(after([end('a'), end('b')]))).toBe(false);
    const { opened: state, failed } = opened();
    expect(state).toEqual({ at: NOW, times: 1, until: NOW + 10 * MINUTE, told: false });
    expect(failed.map(({ task }) => task)).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['another class', [end('a'), end('b', { class: 'rate_limited' }), end('c')]],
    ['a success', [end('a'), end('b'), end('x', SUCCESS), end('c')]],
    ['a failure of its own', [end('a'), end('b'), end('x', { class: 'stall_timeout' }), end('c')]],
    ['only one task', [end('a'), end('a'), end('a'), end('a')]],
  ])('stays closed when %s comes in between', (_what, ends) => {
    expect(isOpen(after(ends))).toBe(false);
  });

  test('does not count a task that a person has stopped', () => {
    expect(isOpen(after([end('a'), end('x', { outcome: 'stopped', class: 'stopped' }), end('b'), end('c')]))).toBe(
      true,
    );
  });

  test('does not count a run whose runner has died, in a row or as the one that is tried', () => {
    const died = { class: 'runner_died' } as const;
    expect(isOpen(after([end('a'), end('x', died), end('b'), end('a', died), end('c')]))).toBe(true);
    const trying = { ...opened(), trial: 'd' };
    expect(after([end('d', died)], trying)).toBe(trying);
  });

  test('does not count an end twice, whoever settles it again', () => {
    const [a, b] = [end('a'), end('b')];
    expect(isOpen(after([a, b, a, b, a, b]))).toBe(false);
  });

  test('lets one task be tried after the break', () => {
    const breaker = opened();
    expect(wantsTrial(breaker, NOW + 10 * MINUTE - 1)).toBe(false);
    expect(wantsTrial(breaker, NOW + 10 * MINUTE)).toBe(true);
    expect(wantsTrial({ ...breaker, trial: 'd' }, NOW + 10 * MINUTE)).toBe(false);
  });

  test('takes a break twice as long whenever the task that is tried fails of any outage, up to two hours', () => {
    let breaker = opened();
    const minutes = [];
    for (let index = 0; index < 6; index += 1) {
      const now = breaker.opened?.until ?? 0;
      breaker = after([end('d', { class: 'rate_limited' })], { ...breaker, trial: 'd' }, now);
      minutes.push(((breaker.opened?.until ?? 0) - now) / MINUTE);
      expect(breaker.trial).toBeNull();
    }
    expect(minutes).toEqual([20, 40, 80, 120, 120, 120]);
  });

  test.each([SUCCESS, { class: 'stall_timeout' }])(
    'closes when the task that is tried ends in any other way',
    (how) => {
      expect(after([end('d', how)], { ...opened(), trial: 'd' })).toBe(CLOSED);
    },
  );

  test('stays open whatever comes of agents that were at work before', () => {
    const breaker = opened();
    expect(after([end('x', SUCCESS)], breaker)).toBe(breaker);
    expect(after([end('x')], breaker)).toMatchObject({ opened: breaker.opened });
  });

  test('never opens when it is switched off', () => {
    const off = { failures: 0, breakMs: MINUTE };
    const ends = ['a', 'b', 'c', 'd'].map((task) => end(task));
    const breaker = ends.reduce((now, each) => afterEnd(now, each, { limits: off, now: NOW }), CLOSED);
    expect(breaker).toBe(CLOSED);
  });

  test('says why, and which task is tried', () => {
    expect(breakerWords(opened(), HERE)).toContain('3 tasks in a row ended with no_credentials: refused (401)');
    expect(breakerWords({ ...opened(), trial: 'q_d' }, HERE)).toContain('q_d is being tried');
  });

  test('opens after no fewer than so many tasks have failed, whatever happened', () => {
    const ends = fc.array(
      fc.record({
        task: fc.constantFrom('a', 'b', 'c', 'd'),
        run: fc.integer({ min: 0, max: 30 }).map(String),
        outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'stopped' as const),
        class: fc.constantFrom('no_credentials', 'rate_limited', 'stall_timeout'),
        message: fc.constant('m'),
      }),
    );
    fc.assert(
      fc.property(ends, (all) => {
        const breaker = after(all);
        if (!isOpen(breaker)) return;
        const failing = all.filter(({ outcome, class: name }) => outcome === 'failed' && name === breaker.class);
        expect(new Set(failing.map(({ task }) => task)).size).toBeGreaterThanOrEqual(LIMITS.failures);
      }),
    );
  });
});
