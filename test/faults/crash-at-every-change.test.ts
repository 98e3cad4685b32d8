// Slow: a scenario for each point, and up to 5 s until the lock of a killed process is free.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  crashAt,
  crashWorld,
  reachedPoints,
  thenDestroyed,
  type CrashPoint,
  type CrashResult,
  type Scenario,
} from '../support/faults/crash-suite.ts';
import { buildCrashing } from '../support/faults/crashing-build.ts';
import { report } from '../support/faults/figures.ts';
import { onEngines } from '../support/faults/on-engines.ts';
import { isByTheClock } from '../support/faults/point-name.ts';
import { counted } from '../support/faults/problems.ts';
import { leftBehind } from '../support/faults/promises.ts';
import { ALL, sample } from '../support/faults/sample.ts';
import type { World } from '../support/world.ts';

/** A crash in a lock costs 5 s until the lock is free again, in which this machine has nothing to do. */
const WORLDS = ALL ? 8 : 5;

let crashing: ReturnType<typeof buildCrashing>;
beforeAll(() => {
  crashing = buildCrashing();
});
afterAll(() => rmSync(crashing.directory, { recursive: true, force: true }));

/**
 * A part of the moments before a change: the moment after it is the one before the next. With FAULTS=all each moment before
 * and after, as often as it comes.
 */
function chosen(points: readonly CrashPoint[]): CrashPoint[] {
  return sample(ALL ? points : points.filter(({ name, occurrence }) => occurrence === 1 && name.startsWith('before ')));
}

/** A point that was not reached gets a second try: what a process has done when another one ends it may vary. */
async function crashed(
  world: World,
  scenario: Scenario,
  next: { point: CrashPoint; number: number },
): Promise<CrashResult> {
  const result = await crashAt(world, scenario, next);
  if (result.fired || result.problems.length > 0) return result;
  return crashAt(world, scenario, { ...next, number: next.number + 10_000 });
}

describe.each(onEngines())('%s', (name, { engine, scenario }) => {
  test('keeps every promise when the process ends before or after any change', { timeout: 60 * 60_000 }, async () => {
    const first = await crashWorld(crashing.program, engine);
    const worlds = [first];
    await thenDestroyed(worlds, async () => {
      const queue = chosen(await reachedPoints(first, scenario)).map((point, index) => ({ point, number: index + 1 }));
      expect(queue.length).toBeGreaterThan(0);
      while (worlds.length < Math.min(WORLDS, queue.length)) worlds.push(await crashWorld(crashing.program, engine));
      const results: CrashResult[] = [];
      await Promise.all(
        worlds.map(async (world) => {
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            results.push(await crashed(world, scenario, next));
          }
        }),
      );
      const left = (await Promise.all(worlds.map(leftBehind))).flat();
      report({
        part: `crash: ${name}`,
        crash_points: results.length,
        tasks: scenario.queues === true ? results.length : 0,
        ...counted([...results.flatMap(({ problems }) => problems), ...left]),
      });
      expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
      expect(left).toEqual([]);
      expect(results.filter(({ fired, point }) => !fired && !isByTheClock(point)).map(({ point }) => point)).toEqual(
        [],
      );
    });
  });
});
