import { command, USUAL, type Entry } from './entry.ts';
import { json, WIDE } from './kinds.ts';

const BY = ['day', 'issue', 'repo', 'model'] as const;

const FIELDS = ['since', 'by', 'total', 'groups'] as const;

/** What runs have come to. */
export const STATS: readonly Entry[] = [
  command({
    words: 'stats',
    summary: 'show what runs have come to: outcomes, time, tokens and cost',
    options: {
      by: {
        kind: 'value',
        long: '--by',
        name: 'what',
        about: 'a line for each day, issue, repo or model',
        is: { oneOf: BY },
        fallback: 'day',
      },
      since: {
        kind: 'value',
        long: '--since',
        name: 'time',
        about: 'only runs that ended since: 12h (ago), 7d, 14:30, 2026-12-24; 30d by default',
      },
      wide: WIDE,
      json: json('print an object with the figures of each group and of all together', FIELDS),
    },
    notes: `Columns: what the line is of, runs, succeeded, failed, stopped, seconds, tokens, cost. Time is how long agents were at work,
tokens are all tokens, those of the cache too, and the cost is what opencode says it is, in dollars. On a terminal a bar shows the
share of each line. Runs are known for STATS_KEEP_DAYS.`,
    examples: ['kugetsu stats', 'kugetsu stats --by repo --since 7d', 'kugetsu stats --by issue --json'],
    exits: { 0: 'shown', ...USUAL },
    load: async () => (await import('../commands/stats.ts')).stats,
  }),
];
