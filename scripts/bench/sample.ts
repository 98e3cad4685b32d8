import { spawnSync } from 'node:child_process';

/** A program whose runs are timed. */
export interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Exit codes that are fine; 0 alone without. */
  readonly codes?: readonly number[];
}

/** The middle of some numbers; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** The value that a share `p` (0 to 1) of the numbers does not exceed. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * Times programs side by side: A B C A B C …, so that what else the machine does meets all of them alike. The first
 * rounds are a warm-up and do not count.
 *
 * @returns the medians in milliseconds, by the name of the subject
 * @throws Error when one of them ends as it should not
 */
export function timeSideBySide(subjects: readonly Subject[], rounds: number, warmUp = 3): Map<string, number> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const subject of subjects) {
      const ms = timeOnce(subject);
      if (round >= 0) times.get(subject.name)?.push(ms);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

/** Runs a program once. @returns how long it took, in milliseconds */
export function timeOnce({ name, command: [program = '', ...args], cwd, env, codes = [0] }: Subject): number {
  const startedAt = performance.now();
  const { status, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 256 * 1024 * 1024,
  });
  const ms = performance.now() - startedAt;
  if (status !== null && codes.includes(status)) return ms;
  throw new Error(`${name} ended with exit code ${status}: ${error?.message ?? stderr.toString()}`);
}
