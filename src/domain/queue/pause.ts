import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { unlinkFile } from '../../adapters/store/private-files.ts';
import { isoWithOffset, nextLocalDay } from '../../util/time.ts';
import type { Context } from './context.ts';
import { breakerWords } from './breaker.ts';
import { breakersOf } from './breakers.ts';
import { readUsedBudget, waiveBudget } from './day-budget.ts';

/** `queue/paused.json`, which is there while the queue is paused. */
const PauseSchema = z.looseObject({
  since: z.string(),
  /** Who paused it; what is not a person ends it by itself. */
  by: z.prefault(z.string(), 'person'),
  reason: z.prefault(z.nullable(z.string()), null),
  /** When it ends by itself; null when somebody has to resume it. */
  until: z.prefault(z.nullable(z.string()), null),
});

/** Why nothing is dispatched, since when, and until when. */
export interface Pause {
  readonly since: string;
  readonly by: string;
  readonly reason: string | null;
  readonly until: string | null;
}

type Needs = Pick<Context, 'home' | 'queue'>;

/**
 * The pause that is on, a person's before one of kugetsu's own; undefined when tasks are dispatched.
 *
 * @throws AppError `corrupt_file`: what cannot be read may be one
 */
export async function readPause({ home, queue }: Needs): Promise<Pause | undefined> {
  const now = await queue.now();
  const pause = await readPauseFile({ home });
  if (pause !== undefined && (pause.until === null || Date.parse(pause.until) > now)) return pause;
  return (await breakerPause({ home, queue }, now)) ?? budgetPause({ home }, now);
}

/** The break after several failures of one kind; undefined when it is over, and one task may be tried. */
async function breakerPause(context: Needs, now: number): Promise<Pause | undefined> {
  for (const known of await breakersOf(context)) {
    const breaker = await known.read();
    const { opened, trial } = breaker;
    if (opened === null || (trial === null && opened.until <= now)) continue;
    const until = trial === null ? isoWithOffset(opened.until) : null;
    return { since: isoWithOffset(opened.at), by: 'breaker', reason: breakerWords(breaker, known), until };
  }
  return undefined;
}

/** Nothing is dispatched for the rest of a day whose budget is used up. */
async function budgetPause({ home }: Pick<Needs, 'home'>, now: number): Promise<Pause | undefined> {
  const budget = await readUsedBudget({ home }, now);
  if (budget === undefined || budget.waived) return undefined;
  return { since: budget.since, by: 'budget', reason: budget.reason, until: isoWithOffset(nextLocalDay(now)) };
}

/** What the file says, whether or not it has passed. */
export async function readPauseFile({ home }: Pick<Needs, 'home'>): Promise<Pause | undefined> {
  return readJsonFile(home.queuePaused, { schema: PauseSchema, what: 'pause of the queue' });
}

/** Lets nothing new be dispatched, over restarts, until it is resumed or `until` has come. A pause again is a new one. */
export async function pauseQueue(
  { home, queue }: Needs,
  { reason, until, by = 'person' }: Partial<Pick<Pause, 'by'>> & Pick<Pause, 'reason' | 'until'>,
): Promise<Pause> {
  const pause = { since: isoWithOffset(await queue.now()), by, reason, until };
  await withLock(home.queueLock, async (lock) => {
    lock.assertHeld();
    await writeJsonFile(home.queuePaused, pause);
  });
  return pause;
}

/**
 * Lets tasks be dispatched again: the breaker begins anew, and the budget of the day holds nothing up until the next one.
 *
 * @returns the pause that was on; undefined when there was none
 */
export async function resumeQueue({ home, queue }: Needs): Promise<Pause | undefined> {
  const pause = await readPause({ home, queue }).catch(() => DAMAGED);
  for (const breaker of await breakersOf({ home, queue })) await breaker.close();
  await waiveBudget({ home }, await queue.now());
  await withLock(home.queueLock, async (lock) => {
    lock.assertHeld();
    await unlinkFile(home.queuePaused);
  });
  await queue.wake();
  return pause;
}

const DAMAGED: Pause = { since: 'a time that its file did not say', by: 'person', reason: null, until: null };
