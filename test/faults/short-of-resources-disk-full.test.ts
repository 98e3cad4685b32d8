// Slow: a scenario for each point, and up to 5 s until a lock is free.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  crashWorld,
  reachedPoints,
  thenDestroyed,
  type CrashPoint,
  type Scenario,
} from '../support/faults/crash-suite.ts';
import { buildWith, type BuiltProgram } from '../support/faults/crashing-build.ts';
import { report } from '../support/faults/figures.ts';
import { onEngines } from '../support/faults/on-engines.ts';
import { isByTheClock } from '../support/faults/point-name.ts';
import { counted } from '../support/faults/problems.ts';
import { refuseAt, type Refusal, type RefusalResult } from '../support/faults/refusal-suite.ts';
import { ALL, sample } from '../support/faults/sample.ts';
import { SCENARIOS } from '../support/faults/scenarios.ts';
import type { World } from '../support/world.ts';

const WORLDS = ALL ? 8 : 3;
/** How long the disk stays full, in refused changes: a moment, longer than one cleans up, until the end of a command. */
const REFUSALS = [1, 3, 8];

let faulty: BuiltProgram;
beforeAll(() => {
  faulty = buildWith({ 'adapters/store/change.ts': 'refusing-change.ts', 'adapters/clock.ts': 'steered-clock.ts' });
});
afterAll(() => rmSync(faulty.directory, { recursive: true, force: true }));

/** A part of the changes, with FAULTS=all each as often as it comes. */
function chosen(points: readonly CrashPoint[]): Refusal[] {
  const some = sample(points.filter(({ occurrence }) => ALL || occurrence === 1));
  return some.map((point, index) => ({ point, error: 'ENOSPC', refusals: REFUSALS[index % REFUSALS.length] ?? 1 }));
}

/** A change that was not tried gets a second chance: who of two processes is first may vary. */
async function refused(
  world: World,
  scenario: Scenario,
  next: { readonly refusal: Refusal; readonly number: number },
): Promise<RefusalResult> {
  const result = await refuseAt(world, scenario, next);
  if (result.fired || result.problems.length > 0) return result;
  return refuseAt(world, scenario, { ...next, number: next.number + 10_000 });
}

describe.each(onEngines())('%s', (name, { engine, scenario }) => {
  test('keeps every promise when the disk is full at any change', { timeout: 60 * 60_000 }, async () => {
    const first = await crashWorld(faulty.program, engine);
    const worlds = [first];
    await thenDestroyed(worlds, async () => {
      const queue = chosen(await reachedPoints(first, scenario)).map((refusal, index) => ({
        refusal,
        number: index + 1,
      }));
      expect(queue.length).toBeGreaterThan(0);
      while (worlds.length < Math.min(WORLDS, queue.length)) worlds.push(await crashWorld(faulty.program, engine));
      const results: RefusalResult[] = [];
      await Promise.all(
        worlds.map(async (world) => {
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            results.push(await refused(world, scenario, next));
          }
        }),
      );
      report({
        part: `disk full: ${name}`,
        cases: results.length,
        tasks: scenario.queues === true ? results.length : 0,
        ...counted(results.flatMap(({ problems }) => problems)),
      });
      expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
      expect(results.filter(({ fired, point }) => !fired && !isByTheClock(point)).map(({ point }) => point)).toEqual(
        [],
      );
    });
  });
});

/** The first, a middle and the last change that this error can happen to. */
async function fewPoints(world: World, scenario: Scenario, error: string): Promise<Refusal[]> {
  const points = await reachedPoints(world.withEnv({ KUGETSU_FAULTS_ERROR: error }), scenario);
  const some = [points[0], points[Math.floor(points.length / 2)], points.at(-1)].filter((point) => point !== undefined);
  return some.map((point) => ({ point, error, refusals: 1 }));
}

// A run takes its time.
const SAMPLES = SCENARIOS.filter(({ name }) =>
  (ALL ? ['delegate', 'notify', 'continue'] : ['delegate', 'notify']).includes(name),
);

describe.each(['EIO', 'EROFS', 'EACCES', 'EMFILE'])('%s', (error) => {
  test('at a few changes is told, and breaks no promise', async () => {
    const world = await crashWorld(faulty.program);
    await thenDestroyed([world], async () => {
      const results: RefusalResult[] = [];
      for (const scenario of SAMPLES) {
        const few = await fewPoints(world, scenario, error);
        for (const [index, refusal] of few.entries()) {
          results.push(await refused(world, scenario, { refusal, number: index + 1 }));
        }
      }
      report({
        part: `refused: ${error}`,
        cases: results.length,
        ...counted(results.flatMap(({ problems }) => problems)),
      });
      expect(results.length).toBeGreaterThan(SAMPLES.length);
      expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    });
  });
});
