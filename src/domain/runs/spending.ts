import * as z from 'zod/mini';
import type { TokenCount } from '../../adapters/engine/agent-event.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import type { KnownKeys } from '../../util/loose-object.ts';
import { localDay } from '../../util/time.ts';
import type { Context } from '../context.ts';

/** `spending.json`: what all agents together have used on one local day; cost in dollars, as the engine says it. */
const SpendingSchema = z.looseObject({ day: z.string(), tokens: z.number(), cost: z.number() });

/** What was used. */
export type Spending = Pick<KnownKeys<z.infer<typeof SpendingSchema>>, 'tokens' | 'cost'>;

type Needs = Pick<Context, 'home' | 'clock'>;

/** All tokens together, those of the cache too. */
export function totalTokens({ input, output, reasoning, cache_read: read, cache_write: written }: TokenCount): number {
  return input + output + reasoning + read + written;
}

/** What agents have used today. @throws AppError `corrupt_file` */
export async function readSpending({ home, clock }: Needs): Promise<Spending> {
  const known = await readSpendingFile({ home });
  return known?.day === localDay(clock.now()) ? known : { tokens: 0, cost: 0 };
}

/** The file as it is, whatever day it is of. */
export async function readSpendingFile({
  home,
}: Pick<Needs, 'home'>): Promise<(Spending & { day: string }) | undefined> {
  return readJsonFile(home.spending, { schema: SpendingSchema, what: 'record of the day' });
}

/** Counts what one agent uses towards the day, step by step. */
export class DaySpending {
  private readonly context: Needs;
  private waiting: Spending = { tokens: 0, cost: 0 };

  constructor(context: Needs) {
    this.context = context;
  }

  /** What cannot be written down now (a full disk, a lock that is held for long) is written with the next step. */
  async add(step: Spending): Promise<void> {
    this.waiting = sum(this.waiting, step);
    if (this.waiting.tokens === 0 && this.waiting.cost === 0) return;
    await addToDay(this.context, this.waiting).then(
      () => {
        this.waiting = { tokens: 0, cost: 0 };
      },
      () => undefined,
    );
  }
}

async function addToDay({ home, clock }: Needs, more: Spending): Promise<void> {
  await withLock(home.spendingLock, async (lock) => {
    const day = localDay(clock.now());
    // What is damaged is counted anew: the limit holds late then, and no agent is held up by it.
    const known = await readSpendingFile({ home }).catch(() => undefined);
    const before = known?.day === day ? known : { tokens: 0, cost: 0 };
    lock.assertHeld();
    await writeJsonFile(home.spending, { ...before, day, ...sum(before, more) });
  });
}

function sum(a: Spending, b: Spending): Spending {
  return { tokens: a.tokens + b.tokens, cost: a.cost + b.cost };
}
