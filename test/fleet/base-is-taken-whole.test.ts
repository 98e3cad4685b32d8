// Slow: a kugetsu is built, and ended at each change that it makes.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { issue, readJson, saidIn, succeeded } from '../support/fake-world.ts';
import {
  crashAt,
  crashWorld,
  reachedPoints,
  thenDestroyed,
  type CrashResult,
  type Scenario,
} from '../support/faults/crash-suite.ts';
import { buildCrashing } from '../support/faults/crashing-build.ts';
import type { Problem } from '../support/faults/problems.ts';
import { soundState } from '../support/faults/promises.ts';
import { freshTables } from '../support/queue-in-a-table.ts';
import type { World } from '../support/world.ts';

let crashing: ReturnType<typeof buildCrashing>;
beforeAll(() => {
  crashing = buildCrashing();
});
afterAll(() => rmSync(crashing.directory, { recursive: true, force: true }));

interface SessionFile {
  readonly opencode_session_id: string;
  readonly fleet_base?: { readonly version: number };
}

const fileOf = ({ home }: World, name: string): SessionFile => readJson(join(home, 'sessions', name)) as SessionFile;

/** A lock that a killed process had is free again after five seconds: so many worlds wait at once. */
const WORLDS = 4;
/** The moments at which what others read becomes another. */
const DECISIVE = /^before (?:rename|run|lock) /;

const versionIn = (world: World): number => fileOf(world, 'base.json').fleet_base?.version ?? 0;

/** What is not as promised of a world whose pull of a version may have been cut off. */
async function afterPull(world: World, number: number, done: { version: number; code: number }): Promise<Problem[]> {
  const problems = await soundState(world);
  if (done.code === 0 && versionIn(world) < done.version) problems.push('it was taken, and is not there');
  for (const name of ['base.json', 'pm-agent.json']) {
    const { opencode_session_id: id } = fileOf(world, name);
    if (saidIn(world, id)[0]?.includes('Know this project.') !== true) problems.push(`${name} knows nothing`);
  }
  for (const args of [
    ['start', issue(number), 'hello', '--follow'],
    ['fleet', 'base', 'pull'],
  ]) {
    const { code, stderr } = await world.kugetsu(...args);
    if (code !== 0) problems.push(`${args.join(' ')}: ${stderr}`);
  }
  if (versionIn(world) < done.version) problems.push('it cannot be taken any more');
  return problems;
}

test('wherever taking a base is cut off, the home has its old one or the new one, and goes on', async () => {
  const { address, database } = await freshTables();
  const versions = new Map<number, number>();
  const scenario: Scenario = {
    name: 'fleet base pull',
    async prepare(_world, number) {
      const { rows } = await database.write(
        `insert into ${address.schema}.base (version, by_host, export)
        select version + 1, by_host, export from ${address.schema}.base order by version desc limit 1 returning version`,
      );
      versions.set(number, Number(rows[0]?.['version']));
    },
    act: async (world) => world.kugetsu('fleet', 'base', 'pull'),
    check: async (world, number, { code }) => afterPull(world, number, { version: versions.get(number) ?? 0, code }),
  };
  const worlds: World[] = [];
  const host = async (): Promise<World> => {
    const world = await crashWorld(crashing.program);
    const name = `host-${worlds.push(world)}`;
    succeeded(await world.kugetsu('fleet', 'join', `${inject('postgres')}&schema=${address.schema}`, '--name', name));
    return world;
  };
  await thenDestroyed(worlds, async () => {
    const first = await host();
    succeeded(await first.kugetsu('fleet', 'base', 'push'));
    const points = (await reachedPoints(first, scenario)).filter(({ name }) => DECISIVE.test(name));
    expect(points.length).toBeGreaterThan(7);
    const queue = points.map((point, index) => ({ point, number: index + 1 }));
    while (worlds.length < WORLDS) await host();
    const results: CrashResult[] = [];
    await Promise.all(
      worlds.map(async (world) => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          results.push(await crashAt(world, scenario, next));
        }
      }),
    );
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(results.filter(({ fired }) => !fired)).toEqual([]);
  });
});
