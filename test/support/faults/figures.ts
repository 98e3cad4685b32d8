import { appendFileSync } from 'node:fs';

/** What a part of the fault suite has counted. */
export interface Figures {
  readonly part: string;
  /** Failures that were played or made. */
  readonly cases: number;
  /** Moments at which a process was ended. */
  readonly crash_points: number;
  /** Promises that did not hold. */
  readonly broken: number;
}

/** Hands figures to `npm run faults`, which names a file for them; without one they are dropped. */
export function report(figures: Figures): void {
  const path = process.env['FAULTS_FIGURES'];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(figures)}\n`);
}
