import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/adapters/clock.ts';
import type { Kept } from '../../../../src/domain/queue/queue-store.ts';
import { keepClaim } from '../../../../src/domain/work/lease.ts';
import { AppError } from '../../../../src/util/errors.ts';

/** A queue that answers so, the last answer for ever, and the times in milliseconds at which it was asked. */
function world(...answers: readonly (Kept | 'away' | 'hangs')[]): {
  readonly context: Parameters<typeof keepClaim>[0];
  readonly asked: readonly number[];
} {
  let now = 0;
  const asked: number[] = [];
  const clock = {
    monotonic: () => now,
    async sleep(ms: number, signal?: AbortSignal) {
      // What is answered at once is answered before.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted !== true) now += ms;
    },
  } as unknown as Clock;
  const keep = async (): Promise<Kept> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? 'over';
    asked.push(now);
    if (answer === 'hangs') return new Promise(() => undefined);
    if (answer === 'away') throw new AppError('queue_unreachable', 'away');
    return answer;
  };
  return { context: { clock, queue: { keep } } as unknown as Parameters<typeof keepClaim>[0], asked };
}

const claim = (seconds: number): Parameters<typeof keepClaim>[1] => ({
  task: 'q_1',
  runId: 'r_1',
  seconds,
  tail: async () => [],
});

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
}

test('a claim is kept up six times in its length, and at least every half a minute, until the queue says that it is over', async () => {
  for (const [seconds, beat] of [
    [60, 10_000],
    [3600, 30_000],
  ] as const) {
    const { context, asked } = world('held', 'held', 'over');
    const kept = keepClaim(context, claim(seconds));
    await aborted(kept.lost);
    expect(asked).toEqual([beat, 2 * beat, 3 * beat]);
    expect(kept.stopWanted.aborted).toBe(false);
    await kept.stop();
  }
});

test('who is stopped from another host hears of it with the next beat, and still holds the claim', async () => {
  const { context } = world('held', 'stop_wanted', 'stop_wanted', 'over');
  const kept = keepClaim(context, claim(60));
  await aborted(kept.stopWanted);
  expect(kept.lost.aborted).toBe(false);
  await aborted(kept.lost);
  await kept.stop();
});

test('a claim that cannot be kept up is lost before another host may have the task', async () => {
  const { context, asked } = world('held', 'away');
  const kept = keepClaim(context, claim(60));
  await aborted(kept.lost);
  // The last good answer was at 10 s, so others may have it at 70 s.
  expect(asked.at(-1)).toBe(60_000);
  await kept.stop();
});

test('a claim is lost in time, however long a server that hangs does not answer', async () => {
  const { context, asked } = world('held', 'hangs');
  const kept = keepClaim(context, claim(60));
  await aborted(kept.lost);
  expect(asked).toEqual([10_000, 20_000]);
  expect(context.clock.monotonic()).toBeLessThan(70_000);
  await kept.stop();
});
