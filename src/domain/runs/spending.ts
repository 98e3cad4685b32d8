import * as z from 'zod/mini';
import type { TokenCount } from '../../adapters/engine/agent-event.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import type { KnownKeys } from '../../util/loose-object.ts';
import { localDay } from '../../util/time.ts';
import type { Context } from '../context.ts';
import type { Settings } from '../settings-schema.ts';

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

/** What one run may use at the most; 0 for no limit. Cost in dollars. */
export type Budget = Pick<Settings, 'AGENT_MAX_TOKENS' | 'AGENT_MAX_COST'>;

export const NO_BUDGET: Budget = { AGENT_MAX_TOKENS: 0, AGENT_MAX_COST: 0 };

/** A limit that an agent has gone over, and how much it had used by then. */
export interface ReachedLimit {
  readonly setting: keyof Budget;
  readonly value: number;
  readonly used: number;
}

/** The limit that an agent has gone over; undefined while it may go on. One that is done is not ended any more. */
export function limitReached(
  budget: Budget,
  {
    tokens,
    cost,
    lastFinish,
  }: { readonly tokens: TokenCount; readonly cost: number; readonly lastFinish: string | undefined },
): ReachedLimit | undefined {
  return lastFinish === 'stop' ? undefined : limitUsed(budget, { tokens, cost });
}

/** The limit that is used up, whatever the agent is about. */
export function limitUsed(
  { AGENT_MAX_TOKENS: mostTokens, AGENT_MAX_COST: mostCost }: Budget,
  { tokens, cost }: { readonly tokens: TokenCount; readonly cost: number },
): ReachedLimit | undefined {
  if (mostCost > 0 && cost >= mostCost) return { setting: 'AGENT_MAX_COST', value: mostCost, used: cost };
  const used = totalTokens(tokens);
  return mostTokens > 0 && used >= mostTokens ? { setting: 'AGENT_MAX_TOKENS', value: mostTokens, used } : undefined;
}

/** What is said of a run that was ended at its limit. */
export function limitWords({ setting, value, used }: ReachedLimit): string {
  const amount = setting === 'AGENT_MAX_COST' ? `$${used.toFixed(4)}` : `${used} tokens`;
  return `the run has used ${amount}, ${setting} is ${value}`;
}

/** Whether a run would end as the last one did, which was ended at its limit: it begins only with a new number. */
export function needsNewNumber(
  budget: Budget,
  ended: {
    readonly class: string;
    readonly limit?: { readonly setting: string; readonly value: number } | undefined;
  } | null,
): { readonly setting: keyof Budget; readonly value: number } | undefined {
  const limit = ended?.class === 'over_budget' ? ended.limit : undefined;
  const setting = SETTINGS.find((name) => name === limit?.setting);
  if (setting === undefined || limit === undefined) return undefined;
  const value = budget[setting];
  return value > 0 && value <= limit.value ? { setting, value } : undefined;
}

const SETTINGS = ['AGENT_MAX_TOKENS', 'AGENT_MAX_COST'] as const;
