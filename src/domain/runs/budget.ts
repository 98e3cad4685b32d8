import type { TokenCount } from '../../adapters/engine/agent-event.ts';
import type { Settings } from '../settings-schema.ts';
import { totalTokens } from './spending.ts';

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
