import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { formatDuration, isoMsWithOffset, isoWithOffset, timeOfDay } from '../../../src/util/time.ts';

const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Chatham'];
const MARCH = Date.UTC(2026, 2, 29, 16, 16, 10, 250);

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a time with its offset', () => {
  test.each([
    ['UTC', '2026-03-29T16:16:10+00:00'],
    ['Europe/Berlin', '2026-03-29T18:16:10+02:00'],
    ['Asia/Kolkata', '2026-03-29T21:46:10+05:30'],
    ['America/St_Johns', '2026-03-29T13:46:10-02:30'],
  ])('in %s is %s', (zone, text) => {
    vi.stubEnv('TZ', zone);
    expect(isoWithOffset(MARCH)).toBe(text);
  });

  test('reads back as the same second, or the same millisecond, in every zone', () => {
    const moments = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(moments, fc.constantFrom(...ZONES), (ms, zone) => {
        vi.stubEnv('TZ', zone);
        expect(Date.parse(isoWithOffset(ms))).toBe(Math.floor(ms / 1000) * 1000);
        expect(Date.parse(isoMsWithOffset(ms))).toBe(ms);
      }),
    );
  });

  test('has milliseconds where records are ordered by it', () => {
    vi.stubEnv('TZ', 'Europe/Berlin');
    expect(isoMsWithOffset(MARCH)).toBe('2026-03-29T18:16:10.250+02:00');
  });

  test('has the time of day of a log line in it', () => {
    vi.stubEnv('TZ', 'Europe/Berlin');
    expect(timeOfDay(MARCH)).toBe('18:16:10');
  });
});

describe('a duration', () => {
  test.each([
    [-5, '0.0s'],
    [400, '0.4s'],
    [9900, '9.9s'],
    [12_400, '12s'],
    [59_700, '1m 00s'],
    [200_000, '3m 20s'],
    [3_599_700, '1h 00m'],
    [7_500_000, '2h 05m'],
    [90_000_000, '25h 00m'],
  ])('of %d ms is said as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
