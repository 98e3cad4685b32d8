import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { unlinkFile } from '../../adapters/store/private-files.ts';
import type { KnownKeys } from '../../util/loose-object.ts';
import { isoWithOffset, localDay } from '../../util/time.ts';
import type { Context } from './context.ts';
import { readSpending, type Spending } from '../runs/spending.ts';
import type { Settings } from '../settings-schema.ts';

/** `queue/budget.json`, which is there from when agents have used what a day may cost. */
const BudgetSchema = z.looseObject({
  day: z.string(),
  since: z.string(),
  reason: z.string(),
  /** Whether a person lets tasks be dispatched all the same on this day. */
  waived: z.boolean(),
});

/** That the budget of a day is used up. */
export type UsedBudget = KnownKeys<z.infer<typeof BudgetSchema>>;

type Home = Pick<Context, 'home'>;

/** The budget of the day of `now`, if it is used up. @throws AppError `corrupt_file` */
export async function readUsedBudget({ home }: Home, now: number): Promise<UsedBudget | undefined> {
  if (stampAtOnce(home.queueBudget) === undefined) return undefined;
  const budget = await readBudgetFile({ home });
  return budget?.day === localDay(now) ? budget : undefined;
}

/** The file as it is, whatever day it is of. */
export async function readBudgetFile({ home }: Home): Promise<UsedBudget | undefined> {
  return readJsonFile(home.queueBudget, { schema: BudgetSchema, what: 'budget of the day' });
}

/** From now on the budget of this day holds nothing up, if it is used up. */
export async function waiveBudget({ home }: Home, now: number): Promise<void> {
  if (stampAtOnce(home.queueBudget) === undefined) return;
  await withLock(home.queueLock, async (lock) => {
    const budget = await readUsedBudget({ home }, now).catch(() => undefined);
    lock.assertHeld();
    await (budget === undefined
      ? unlinkFile(home.queueBudget)
      : writeJsonFile(home.queueBudget, { ...budget, waived: true }));
  });
}

/**
 * Compares what agents have used today with what a day may cost, and writes down when that is used up, or is no longer
 * because the limit was raised.
 *
 * @param tell called before it is written down that the budget is used up, with why
 */
export async function checkDayBudget(
  { home, settings, queue, clock }: Pick<Context, 'home' | 'settings' | 'queue' | 'clock'>,
  tell: (reason: string) => Promise<void>,
): Promise<void> {
  const limits = await settings();
  const now = await queue.now();
  if (limits.DAY_MAX_COST === 0 && limits.DAY_MAX_TOKENS === 0 && stampAtOnce(home.queueBudget) === undefined) return;
  const reason = overBudget(limits, await readSpending({ home, clock }));
  const known = await readUsedBudget({ home }, now);
  if (reason === undefined) {
    if (known?.waived === false) await unlinkFile(home.queueBudget);
    return;
  }
  if (known !== undefined) return;
  await tell(reason);
  await withLock(home.queueLock, async (lock) => {
    lock.assertHeld();
    const budget: UsedBudget = { day: localDay(now), since: isoWithOffset(now), reason, waived: false };
    await writeJsonFile(home.queueBudget, budget);
  });
}

function overBudget(
  { DAY_MAX_COST: mostCost, DAY_MAX_TOKENS: mostTokens }: Pick<Settings, 'DAY_MAX_COST' | 'DAY_MAX_TOKENS'>,
  { cost, tokens }: Spending,
): string | undefined {
  if (mostCost > 0 && cost >= mostCost)
    return `agents have cost $${cost.toFixed(4)} today, DAY_MAX_COST is ${mostCost}`;
  if (mostTokens > 0 && tokens >= mostTokens) {
    return `agents have used ${tokens} tokens today, DAY_MAX_TOKENS is ${mostTokens}`;
  }
  return undefined;
}
