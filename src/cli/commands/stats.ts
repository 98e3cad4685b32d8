import type { Grouping } from '../../domain/runs/run-figures.ts';
import { usageError } from '../../util/errors.ts';
import { isoWithOffset } from '../../util/time.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

interface StatsOptions {
  readonly by: Grouping;
  readonly since: string | undefined;
  readonly json: boolean;
}

const USUAL_DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;

/** Prints what the runs that have ended have come to. */
export async function stats({ context }: Call, { by, since: given, json }: StatsOptions): Promise<void> {
  const { readEndedRuns } = await import('../../domain/runs/ended-runs.ts');
  const { figuresOf, groupFigures } = await import('../../domain/runs/run-figures.ts');
  const { parsePastTime } = await import('../../util/parse-time.ts');
  const now = context.clock.now();
  const since = given === undefined ? now - USUAL_DAYS * DAY_MS : parsePastTime(given, now);
  if (since === undefined) {
    throw usageError(words`not a time in the past: ${quoted(given ?? '')}`, 'give 12h, 7d, 14:30 or 2026-12-24');
  }
  const runs = await readEndedRuns(context, since);
  const value = { since: isoWithOffset(since), by, total: figuresOf(runs), groups: groupFigures(runs, by) };
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/stats.ts')).renderStats(value, style),
  });
}
