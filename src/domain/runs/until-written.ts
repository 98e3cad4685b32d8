import { AppError, errnoOf } from '../../util/errors.ts';
import type { Context } from '../context.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 1000;

/**
 * Writes what would be lost otherwise: when the system refuses it (a full disk, a read-only one, no file descriptor), or a
 * lock is not free, it is tried again with growing waits, for `waitMs` at the most. The run is alive all that time.
 *
 * @throws the last refusal after `waitMs`, and any other error at once
 */
export async function untilWritten<T>(
  { clock }: Pick<Context, 'clock'>,
  write: () => Promise<T>,
  waitMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  const startedAt = clock.monotonic();
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await write();
    } catch (error) {
      const passes = error instanceof AppError ? isOfLock(error.code) : errnoOf(error) !== undefined;
      if (!passes || clock.monotonic() - startedAt >= waitMs) throw error;
    }
    await clock.sleep(wait);
  }
}

function isOfLock(code: string): boolean {
  return code === 'locked' || code === 'lock_lost';
}
