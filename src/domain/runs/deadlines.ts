import type { Settings } from '../settings-schema.ts';
import type { Observation } from './observation.ts';
import type { EndReason } from './verdict.ts';

/** The clocks of one run in milliseconds; 0 switches a clock off. */
export interface Deadlines {
  readonly startupMs: number;
  readonly stallMs: number;
  readonly totalMs: number;
}

/** What the clocks look at; times are milliseconds of the monotonic clock, so that a suspended machine ends no agent. */
interface Progress {
  readonly startedAt: number;
  readonly firstEventAt: number | undefined;
  /** The last event, or the last time at which the run's processes were seen working. */
  readonly lastSignAt: number;
}

// A model that gives no known finish reason makes opencode loop without end (upstream issue 49414).
const MAX_UNKNOWN_FINISHES = 3;

/** The deadlines that the settings ask for. */
export function deadlinesOf(settings: Settings): Deadlines {
  return {
    startupMs: settings.AGENT_STARTUP_TIMEOUT_SECONDS * 1000,
    stallMs: settings.AGENT_STALL_TIMEOUT_MINUTES * 60_000,
    totalMs: settings.AGENT_TIMEOUT_MINUTES * 60_000,
  };
}

/** Why the agent has to be ended now, or undefined while it may go on. */
export function overdue(
  deadlines: Deadlines,
  progress: Progress,
  { seen, now }: { readonly seen: Observation; readonly now: number },
): EndReason | undefined {
  if (seen.unknownFinishes >= MAX_UNKNOWN_FINISHES) return 'unknown_finish';
  if (seen.reason?.class === 'agent_unavailable') return 'agent_unavailable';
  if (isOver(deadlines.totalMs, now - progress.startedAt)) return 'total_timeout';
  if (progress.firstEventAt === undefined && deadlines.startupMs > 0) {
    return isOver(deadlines.startupMs, now - progress.startedAt) ? 'startup_timeout' : undefined;
  }
  return isOver(deadlines.stallMs, now - progress.lastSignAt) ? 'stall_timeout' : undefined;
}

function isOver(limit: number, elapsed: number): boolean {
  return limit > 0 && elapsed >= limit;
}
