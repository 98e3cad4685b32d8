import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment; never jumps, and stops while the machine sleeps. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds (24 days at most), or as soon as `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      // A longer timer would fire at once.
      await delay(Math.min(ms, MAX_TIMER_MS), undefined, signal === undefined ? {} : { signal });
    } catch {
      // Aborted: the sleep is over, which is all that was asked.
    }
  },
};
