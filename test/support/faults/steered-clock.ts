// Stands in for src/adapters/clock.ts in the program that the fault suite runs: the time of day is off by the milliseconds
// that a file says, now. The monotonic clock is the machine's, as it is when somebody sets the time.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  now(): number;
  monotonic(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now() + offset(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(Math.min(ms, MAX_TIMER_MS), undefined, signal === undefined ? {} : { signal });
    } catch {
      // Aborted.
    }
  },
};

function offset(): number {
  try {
    return Number(readFileSync(process.env['KUGETSU_CLOCK_OFFSET'] ?? '', 'utf8'));
  } catch {
    return 0;
  }
}
