import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeReady } from '../fake-world.ts';
import { furnish } from '../prepared-worlds.ts';
import { FAKE_OPENCODE, makeWorld, type Outcome, type World } from '../world.ts';
import type { Problem } from './problems.ts';
import { isSharing, leftOfServers, sharing, whyApart, withoutServers, type FaultsEngine } from './shared-servers.ts';

/** Something that users do, which a crash may interrupt at any change that it makes. */
export interface Scenario {
  readonly name: string;
  /** Whether each time puts a task into the queue. */
  readonly queues?: true;
  /** Makes what must be there before; not interrupted. @param number tells this time from the others in the same world */
  readonly prepare?: (world: World, number: number) => Promise<void>;
  /** What is interrupted. All that it began has ended, or is dead, when this returns. */
  readonly act: (world: World, number: number) => Promise<Outcome>;
  /** Uses the world again, uninterrupted. @returns what is not as promised */
  readonly check: (world: World, number: number, outcome: Outcome) => Promise<Problem[]>;
}

/** One moment at which a scenario can be interrupted: the n-th time that the point of this name is reached. */
export interface CrashPoint {
  readonly name: string;
  readonly occurrence: number;
}

/** A crash that was made, and what was not as promised afterwards. */
export interface CrashResult {
  readonly point: CrashPoint;
  readonly fired: boolean;
  readonly problems: readonly Problem[];
}

/** A world whose kugetsu can be interrupted, and whose agents work in that engine. */
export async function crashWorld(program: string, engine: FaultsEngine = 'process'): Promise<World> {
  const env = {
    QUEUE_DAEMON_INTERVAL_MINUTES: '60',
    QUEUE_RETRY_BASE_SECONDS: '0.1',
    MAX_CONCURRENT_AGENTS: '20',
    // What is broken on purpose again and again is no outage.
    BREAKER_FAILURES: '0',
  };
  const world = makeWorld({ opencode: FAKE_OPENCODE, command: [program], env });
  await furnish(world, { name: 'ready', options: { opencode: FAKE_OPENCODE }, prepare: makeReady });
  return engine === 'server' ? sharing(world) : world;
}

/**
 * Plays the scenario without a crash, and once more: what only happens the first time in a world cannot be interrupted in
 * all the others. @returns the points that the second time reached, in their order
 */
export async function reachedPoints(world: World, scenario: Scenario): Promise<CrashPoint[]> {
  await playWhole(world, scenario, 100_001);
  const faults = await playShared(world, scenario, 100_002);
  const counts = new Map<string, number>();
  return readFileSync(join(faults, 'reached'), 'utf8')
    .split('\n')
    .filter((name) => name !== '')
    .map((name) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return { name, occurrence: counts.get(name) ?? 0 };
    });
}

/**
 * An agent may fall back to a process of its own, such as when another program took the port of the server; then it is played again.
 *
 * @throws when that goes on: the suite would pass without what it is to show
 */
async function playShared(world: World, scenario: Scenario, number: number): Promise<string> {
  for (let tries = 0; tries < 3; tries += 1) {
    const faults = await playWhole(world, scenario, number + tries);
    const reached = readFileSync(join(faults, 'reached'), 'utf8');
    if (!isSharing(world) || !reached.includes(' opencode run')) return faults;
  }
  throw new Error(`${scenario.name}: agents share no server: ${whyApart(world).join('; ')}`);
}

async function playWhole(world: World, scenario: Scenario, number: number): Promise<string> {
  const faults = faultsDirectory(world);
  await prepared(world, scenario, number);
  const outcome = await scenario.act(interruptible(world, faults), number);
  const problems = [...(await scenario.check(world, number, outcome)), ...(await leftOfServers(world))];
  if (problems.length > 0) throw new Error(`${scenario.name}, not interrupted: ${problems.join('; ')}`);
  return faults;
}

/** Plays the scenario with a crash at one point, and looks what came of it. */
export async function crashAt(
  world: World,
  scenario: Scenario,
  { point, number }: { readonly point: CrashPoint; readonly number: number },
): Promise<CrashResult> {
  const faults = faultsDirectory(world);
  await prepared(world, scenario, number);
  writeFileSync(join(faults, 'armed'), JSON.stringify(point));
  const outcome = await scenario.act(interruptible(world, faults), number);
  const problems = await checked(world, scenario, number, outcome);
  return { point, fired: existsSync(join(faults, 'fired')), problems };
}

/** Makes what a scenario needs before. */
export async function prepared(world: World, scenario: Scenario, number: number): Promise<void> {
  await scenario.prepare?.(world, number);
  await withoutServers(world);
}

/** What is not as promised after a scenario that was interrupted. */
export async function checked(world: World, scenario: Scenario, number: number, outcome: Outcome): Promise<Problem[]> {
  const problems = await scenario.check(world, number, outcome).catch((error: unknown) => [String(error)]);
  return [...problems, ...(await leftOfServers(world))];
}

/**
 * Does it, and destroys the worlds whatever comes of it.
 *
 * @throws what was thrown, or else when a process was left
 */
export async function thenDestroyed(worlds: readonly World[], does: () => Promise<void>): Promise<void> {
  const left: string[] = [];
  try {
    await does();
  } finally {
    for (const world of worlds) left.push(...(await world.destroy()));
  }
  if (left.length > 0) throw new Error(`left: ${left.join('; ')}`);
}

/** A new directory in which a program that can be interrupted is told where, and tells what it reaches. */
export function faultsDirectory(world: World): string {
  const parent = join(world.root, 'faults');
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'f-'));
  appendFileSync(join(directory, 'reached'), '');
  return directory;
}

/** The world whose kugetsu looks into that directory. */
export function interruptible(world: World, faults: string): World {
  return world.withEnv({ KUGETSU_FAULTS: faults, KUGETSU_FAULTS_HOME: world.home });
}
