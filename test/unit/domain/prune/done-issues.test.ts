import { describe, expect, test } from 'vitest';
import { endedIssues, withMerge, type DoneCriteria } from '../../../../src/domain/prune/done-issues.ts';
import { trackedBy, type StoredState } from '../../../../src/domain/prune/tracked.ts';
import { DAY_MS, issueWith, NOW, stateWith } from '../../support/prune-facts.ts';
import { itemWith } from '../../support/queue-items.ts';
import { runWith, verdictWith } from '../../support/runs.ts';

const ANY: DoneCriteria = { olderThanDays: 0, merged: false };

function ended(state: StoredState, criteria: DoneCriteria = ANY): string[] {
  return endedIssues(state, trackedBy(state), { ...criteria, now: NOW }).map(({ session }) => session.issue_ref);
}

const endedAt = (ms: number): ReturnType<typeof runWith> =>
  runWith({ phase: 'ended', ended_at: new Date(ms).toISOString(), verdict: verdictWith() });

describe('an issue is done', () => {
  test('when its last run ended more than so many days ago', () => {
    const state = stateWith([issueWith(1, { run: endedAt(NOW - 7 * DAY_MS - 1) }), issueWith(2)]);
    expect(ended(state, { olderThanDays: 7, merged: false })).toEqual(['h/a/b#1']);
    expect(ended(state, { olderThanDays: 8, merged: false })).toEqual([]);
    expect(ended(state)).toEqual(['h/a/b#1', 'h/a/b#2']);
  });

  test('exactly so many days are not more', () => {
    const state = stateWith([issueWith(1, { run: endedAt(NOW - 7 * DAY_MS) })]);
    expect(ended(state, { olderThanDays: 7, merged: false })).toEqual([]);
  });

  test('when merges are asked for, however short ago its run ended', () => {
    const state = stateWith([issueWith(1, { run: endedAt(NOW - 1000) })]);
    expect(ended(state, { olderThanDays: undefined, merged: true })).toEqual(['h/a/b#1']);
  });
});

describe('an issue is not done', () => {
  test('when nobody asked', () => {
    expect(ended(stateWith([issueWith(1)]), { olderThanDays: undefined, merged: false })).toEqual([]);
  });

  test.each(['preparing', 'working'] as const)('when its run is %s, dead or alive', (phase) => {
    expect(ended(stateWith([issueWith(1, { run: runWith({ phase }) })]))).toEqual([]);
  });

  test('when it never had a run, or one that ended at an unknown time', () => {
    expect(ended(stateWith([issueWith(1, { run: null })]))).toEqual([]);
    expect(ended(stateWith([issueWith(1, { run: runWith({ phase: 'ended', ended_at: null }) })]))).toEqual([]);
  });

  test.each(['pending', 'notified'] as const)('when a task of it is %s', (state) => {
    const task = itemWith({ issue_ref: 'h/a/b#1', state });
    expect(ended(stateWith([issueWith(1), issueWith(2)], { tasks: [task] }))).toEqual(['h/a/b#2']);
  });

  test('when a process of a run on it is alive, whatever its session file says', () => {
    expect(ended(stateWith([issueWith(1)], { liveRefs: ['h/a/b#1'] }))).toEqual([]);
  });
});

test('of those that are done only the merged ones are left, with how they came upstream', () => {
  const state = stateWith([issueWith(1), issueWith(2), issueWith(3)]);
  const done = endedIssues(state, trackedBy(state), { ...ANY, now: NOW });
  const merged = withMerge(
    done,
    new Map([
      ['h/a/b#1', 'merged'],
      ['h/a/b#3', 'contained'],
    ] as const),
  );
  expect(merged.map(({ session, reason }) => [session.issue_ref, reason])).toEqual([
    ['h/a/b#1', 'its branch is merged; its last run ended 1 day ago'],
    ['h/a/b#3', 'its changes are in the default branch of origin; its last run ended 1 day ago'],
  ]);
});
