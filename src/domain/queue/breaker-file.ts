import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { unlinkFile } from '../../adapters/store/private-files.ts';
import type { Context } from './context.ts';
import { CLOSED } from './breaker.ts';
import { BreakerSchema, type Breaker } from './breaker-schema.ts';

/** The breaker as it is. @throws AppError `corrupt_file` */
export async function readBreaker({ home }: Pick<Context, 'home'>): Promise<Breaker> {
  // Most homes have none, and to know that needs no schema.
  if (stampAtOnce(home.queueBreaker) === undefined) return CLOSED;
  return (await readJsonFile(home.queueBreaker, { schema: BreakerSchema, what: 'breaker of the queue' })) ?? CLOSED;
}

/** Changes the breaker, alone at it; the very same object leaves the file as it is. A damaged one begins anew. */
export async function changeBreaker(
  { home }: Pick<Context, 'home'>,
  change: (breaker: Breaker) => Breaker,
): Promise<Breaker> {
  return withLock(home.queueLock, async (lock) => {
    const before = await readBreaker({ home }).catch(() => CLOSED);
    const after = change(before);
    if (after === before) return before;
    lock.assertHeld();
    await (after === CLOSED ? unlinkFile(home.queueBreaker) : writeJsonFile(home.queueBreaker, after));
    return after;
  });
}

/** Lets the breaker begin anew. */
export async function closeBreaker({ home }: Pick<Context, 'home'>): Promise<void> {
  if (stampAtOnce(home.queueBreaker) === undefined) return;
  // Whatever is in it.
  await withLock(home.queueLock, async (lock) => {
    lock.assertHeld();
    await unlinkFile(home.queueBreaker);
  });
}
