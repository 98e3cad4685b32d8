import { appendFileSync } from 'node:fs';

/** What `npm run faults` counts, in the order of its columns. */
export const COUNTED = ['cases', 'crash_points', 'writers', 'tasks', 'lost', 'doubled', 'leaked', 'broken'] as const;

/**
 * What a part of the fault suite has counted; what it leaves out is 0.
 *
 * - `cases`: failures that were played or made; `crash_points`: moments at which a process was ended.
 * - `writers`: processes that changed the same state at once; `tasks`: tasks that were put into a queue.
 * - `lost`: tasks, work and files that were gone; `doubled`: tasks that were there, or ran, once too often; `leaked`:
 *   processes, locks and temporary files that stayed; `broken`: all other promises that did not hold.
 */
export type Figures = { readonly part: string } & Partial<Readonly<Record<(typeof COUNTED)[number], number>>>;

let reports = 0;

/** Hands figures to `npm run faults`, which names a file for them; without one they are dropped. */
export function report(figures: Figures): void {
  reports += 1;
  const path = process.env['FAULTS_FIGURES'];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(figures)}\n`);
}

/** How often {@link report} was called by this process. */
export function reportsSoFar(): number {
  return reports;
}

/** Figures of the same part as one, in the order in which the parts came. */
export function addedUp(all: readonly Figures[]): Figures[] {
  const parts = new Map<string, Figures>();
  for (const figures of all) {
    const sum = parts.get(figures.part) ?? { part: figures.part };
    const counts = COUNTED.map((key) => [key, (sum[key] ?? 0) + (figures[key] ?? 0)] as const);
    parts.set(figures.part, { ...Object.fromEntries(counts), part: figures.part });
  }
  return [...parts.values()];
}
