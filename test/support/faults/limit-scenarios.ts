import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issue, listed, readJson, succeeded } from '../fake-world.ts';
import { notesPath, tasks } from '../queue-world.ts';
import type { World } from '../world.ts';
import { atRest, type Scenario } from './crash-suite.ts';
import { lost, type Problem } from './problems.ts';
import { soundState } from './promises.ts';
import { daemonUntil, NOTHING } from './scenario-kit.ts';

/** With the breaker, which would hold up what other scenarios wait for. */
const breaking = (world: World): World => world.withEnv({ BREAKER_FAILURES: '2', BREAKER_MINUTES: '600' });

const key = (world: World, number: number): string => notesPath(world, `key-${number}`);
const asked = (number: number): string => `needs a key ${number}.`;

const isBroken = (world: World): boolean => {
  const path = join(world.home, 'queue', 'breaker.json');
  return existsSync(path) && readFileSync(path, 'utf8').includes('"told": true');
};

/** How many runs of each issue have ended because their runner died. */
async function runnersThatDied(world: World): Promise<Map<string, number>> {
  const runs = JSON.parse(succeeded(await world.kugetsu('logs', '--json', '100')).stdout) as readonly {
    readonly subject: string;
    readonly verdict: { readonly class: string } | null;
  }[];
  const counts = new Map<string, number>();
  for (const { subject, verdict } of runs) {
    if (verdict?.class === 'runner_died') counts.set(subject, (counts.get(subject) ?? 0) + 1);
  }
  return counts;
}

/** Two tasks fail of the same: the queue takes a break, and neither is in error when it ends. */
const breakOfTheQueue: Scenario = {
  name: 'a break of the queue',
  queues: true,
  prepare: async (world, number) => {
    succeeded(await world.kugetsu('queue', 'resume'));
    for (const each of [number, 1_000_000 + number]) {
      const message = `${asked(number)}\nfake: needs-file 401 ${key(world, number)}`;
      succeeded(await world.kugetsu('queue', 'enqueue', issue(each), message));
    }
  },
  act: async (world) => {
    await daemonUntil(breaking(world), () => isBroken(world));
    return NOTHING;
  },
  check: async (world, number) => {
    // Whatever has died, the next daemon takes the break.
    await daemonUntil(breaking(world), () => isBroken(world));
    const mine = async () => (await tasks(world)).filter(({ message }) => message.startsWith(asked(number)));
    const died = await runnersThatDied(world);
    // A runner that died has cost its own task an attempt, and no other.
    const problems: Problem[] = (await mine())
      .filter(({ state, attempts, issue_ref: ref }) => state !== 'pending' || attempts > (died.get(ref ?? '') ?? 0))
      .map(({ state, attempts }) => lost(`an attempt: a task is ${state} after ${attempts}`));
    writeFileSync(key(world, number), '');
    succeeded(await world.kugetsu('queue', 'resume'));
    const areDone = async (): Promise<boolean> => (await mine()).every(({ finished_at: end }) => end !== null);
    await daemonUntil(breaking(world), areDone);
    const ends = (await mine()).map(({ state }) => state);
    if (ends.length !== 2 || ends.some((state) => state !== 'completed'))
      problems.push(`they ended ${ends.join(', ')}`);
    return [...problems, ...(await soundState(world))];
  },
};

/** A check that fails once, and passes when the agent has been told. */
const checkedStart: Scenario = {
  name: 'a start whose check fails once',
  prepare: async (world, number) => {
    const path = join(world.home, 'repos.json');
    const known = readJson(path) as Record<string, unknown>;
    const check = 'test -e mended || { echo "fake: sh touch mended"; exit 1; }';
    writeFileSync(path, JSON.stringify({ ...known, [issue(number)]: { check } }));
  },
  act: async (world, number) => {
    const outcome = await world.kugetsu('start', issue(number), 'hello', '--follow');
    await atRest(world);
    return outcome;
  },
  check: async (world, number, { code }) => {
    const problems = await soundState(world);
    const { run: last } = (await listed(world)).find(({ issue_ref: ref }) => ref === issue(number)) ?? {};
    if (last?.verdict === null) problems.push('nothing runs, and the last run has no verdict');
    if (code === 0 && last?.verdict?.outcome !== 'succeeded') problems.push('it was said to have succeeded');
    const again = await world.kugetsu('start', issue(number), 'hello', '--follow');
    return again.code === 0 ? problems : [...problems, `start afterwards: ${again.stderr}`];
  },
};

/** What limits and checks write. */
export const LIMIT_SCENARIOS: readonly Scenario[] = [breakOfTheQueue, checkedStart];
