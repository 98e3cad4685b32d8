import { readEndedRuns, type EndedRun } from '../../domain/runs/ended-runs.ts';
import { figuresOf, groupFigures, type GroupFigures, type RunFigures } from '../../domain/runs/run-figures.ts';
import type { Context } from '../../domain/queue/context.ts';
import { liveRuns } from '../../domain/work/live-runs.ts';
import { isoWithOffset } from '../../util/time.ts';

/** What runs have come to, as the page draws it. */
interface Figures {
  readonly since: string;
  readonly total: RunFigures;
  /** Every day of the time, the oldest first. */
  readonly days: readonly Figure[];
  /** The issues that have used the most. */
  readonly issues: readonly Figure[];
  readonly slots: {
    readonly limit: number;
    /** How many agents were at work at most in each piece of the last day, the oldest first. */
    readonly steps: readonly { readonly at: string; readonly most: number }[];
  };
}

type Figure = Pick<GroupFigures, 'key' | 'runs' | 'succeeded' | 'failed' | 'stopped' | 'tokens' | 'cost'>;

const DAY_MS = 24 * 60 * 60_000;
const DAYS = 30;
const MOST_ISSUES = 12;
const STEPS = 96;

/** When an agent was at work, in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Reads what the runs of the last 30 days have come to, and how many agents were at work during the last 24 hours. */
export async function readFigures(context: Context): Promise<Figures> {
  const now = context.clock.now();
  const since = now - DAYS * DAY_MS;
  const runs = await readEndedRuns(context, since);
  const { MAX_CONCURRENT_AGENTS: limit } = await context.settings();
  const live = (await liveRuns(context, {})).filter(({ kind }) => kind !== 'pm');
  const begun = live.map(({ requested_at: at }): Span => ({ from: Date.parse(at), to: now }));
  return {
    since: isoWithOffset(since),
    total: figuresOf(runs),
    days: everyDay(groupFigures(runs, 'day').map(figure), { since, now }),
    issues: groupFigures(runs, 'issue').slice(0, MOST_ISSUES).map(figure),
    slots: {
      limit,
      steps: mostAtOnce([...runs.filter(({ kind }) => kind !== 'pm').map(spanOf), ...begun], {
        from: now - DAY_MS,
        to: now,
        steps: STEPS,
      }).map(({ at, most }) => ({ at: isoWithOffset(at), most })),
    },
  };
}

function figure({ key, runs, succeeded, failed, stopped, tokens, cost }: GroupFigures): Figure {
  return { key, runs, succeeded, failed, stopped, tokens, cost };
}

function spanOf({ at, ms }: EndedRun): Span {
  const to = Date.parse(at);
  return { from: to - ms, to };
}

/** The days between two times by their local dates, those without a run too. */
function everyDay(
  figures: readonly Figure[],
  { since, now }: { readonly since: number; readonly now: number },
): Figure[] {
  const known = new Map(figures.map((each) => [each.key, each]));
  const days = new Set<string>();
  for (let at = since; at < now; at += DAY_MS) days.add(isoWithOffset(at).slice(0, 10));
  days.add(isoWithOffset(now).slice(0, 10));
  return [...new Set([...days, ...known.keys()])]
    .toSorted()
    .map((key) => known.get(key) ?? { key, runs: 0, succeeded: 0, failed: 0, stopped: 0, tokens: 0, cost: 0 });
}

/** How many spans there were at once at most, in each of so many pieces of a time; times in milliseconds since the epoch. */
export function mostAtOnce(
  spans: readonly Span[],
  { from, to, steps }: Span & { readonly steps: number },
): { readonly at: number; readonly most: number }[] {
  const width = (to - from) / steps;
  return Array.from({ length: steps }, (_, index) => {
    const [start, end] = [from + index * width, from + (index + 1) * width];
    const inside = spans.filter((span) => span.from < end && span.to > start);
    // The most are at work when one of them has just begun.
    const moments = [start, ...inside.map((span) => Math.max(start, span.from))];
    const most = Math.max(...moments.map((at) => inside.filter((span) => span.from <= at && span.to > at).length));
    return { at: start, most };
  });
}
