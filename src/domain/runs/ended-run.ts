import { isoWithOffset } from '../../util/time.ts';
import type { Run, Verdict } from './run-schema.ts';

/** The run with its verdict; `now` in milliseconds since the epoch. */
export function endedRun(run: Run, verdict: Verdict, now: number): Run {
  return { ...run, phase: 'ended', ended_at: isoWithOffset(now), verdict };
}
