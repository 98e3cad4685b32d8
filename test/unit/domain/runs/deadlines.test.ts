import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deadlinesOf, overdue, type Deadlines } from '../../../../src/domain/runs/deadlines.ts';
import { NOTHING_OBSERVED } from '../../../../src/domain/runs/observation.ts';
import type { EndReason } from '../../../../src/domain/runs/verdict.ts';
import { resolveSettings } from '../../../../src/domain/settings/settings.ts';

const START = 1_000_000;
const DEADLINES: Deadlines = { startupMs: 100, stallMs: 300, totalMs: 1000 };
const OFF: Deadlines = { startupMs: 0, stallMs: 0, totalMs: 0 };

interface Moment {
  /** Milliseconds since the start. */
  readonly now: number;
  readonly firstEvent?: number;
  readonly lastSign?: number;
  readonly unknownFinishes?: number;
}

function reasonAt(
  deadlines: Deadlines,
  { now, firstEvent, lastSign = 0, unknownFinishes = 0 }: Moment,
): EndReason | undefined {
  const progress = {
    startedAt: START,
    firstEventAt: firstEvent === undefined ? undefined : START + firstEvent,
    lastSignAt: START + lastSign,
  };
  return overdue(deadlines, progress, { seen: { ...NOTHING_OBSERVED, unknownFinishes }, now: START + now });
}

test('the clocks come from the settings in milliseconds', () => {
  const environment = {
    AGENT_STARTUP_TIMEOUT_SECONDS: '1.5',
    AGENT_STALL_TIMEOUT_MINUTES: '2',
    AGENT_TIMEOUT_MINUTES: '0',
  };
  const settings = resolveSettings({ path: 'config', text: undefined, environment, userHome: '/' });
  expect(deadlinesOf(settings)).toEqual({ startupMs: 1500, stallMs: 120_000, totalMs: 0 });
});

describe('an agent', () => {
  test.each<[string, Moment, EndReason | undefined]>([
    ['may take its time before the first event', { now: 99 }, undefined],
    ['is ended without a first event at the startup deadline', { now: 100 }, 'startup_timeout'],
    ['may be slow once it has begun', { now: 250, firstEvent: 50, lastSign: 50 }, undefined],
    ['is ended when it has shown no sign for long enough', { now: 350, firstEvent: 50, lastSign: 50 }, 'stall_timeout'],
    ['may go on while it shows signs of work', { now: 700, firstEvent: 50, lastSign: 600 }, undefined],
    ['is ended at the total deadline although it works', { now: 1000, firstEvent: 50, lastSign: 999 }, 'total_timeout'],
    ['may end two steps for no known reason', { now: 60, firstEvent: 50, lastSign: 60, unknownFinishes: 2 }, undefined],
    [
      'is ended at the third step in a row without a known reason',
      { now: 60, firstEvent: 50, lastSign: 60, unknownFinishes: 3 },
      'unknown_finish',
    ],
  ])('%s', (_what, moment, reason) => {
    expect(reasonAt(DEADLINES, moment)).toBe(reason);
  });

  test('that has not begun is measured by the startup clock, not by the stall clock', () => {
    expect(reasonAt({ startupMs: 500, stallMs: 100, totalMs: 0 }, { now: 400 })).toBeUndefined();
  });

  test('that has not begun is measured by the stall clock when the startup clock is off', () => {
    expect(reasonAt({ startupMs: 0, stallMs: 100, totalMs: 0 }, { now: 100 })).toBe('stall_timeout');
  });

  test('may go on for ever while every clock is off', () => {
    fc.assert(
      fc.property(fc.nat(), fc.option(fc.nat(), { nil: undefined }), fc.nat(), (now, firstEvent, lastSign) => {
        expect(reasonAt(OFF, { now, lastSign, ...(firstEvent === undefined ? {} : { firstEvent }) })).toBeUndefined();
      }),
    );
  });

  test.each<[keyof Deadlines, Moment]>([
    ['startupMs', { now: 1e9 }],
    ['stallMs', { now: 1e9, firstEvent: 1 }],
    ['totalMs', { now: 1e9, firstEvent: 1, lastSign: 1e9 }],
  ])('is ended by %s alone while the other clocks are off', (clock, moment) => {
    const reason = { startupMs: 'startup_timeout', stallMs: 'stall_timeout', totalMs: 'total_timeout' }[clock];
    expect(reasonAt({ ...OFF, [clock]: 10 }, moment)).toBe(reason);
  });

  test('without known finish reasons is ended also while every clock is off', () => {
    expect(reasonAt(OFF, { now: 1, firstEvent: 1, unknownFinishes: 3 })).toBe('unknown_finish');
  });
});
