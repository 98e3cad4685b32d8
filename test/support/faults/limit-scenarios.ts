import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issue, listed, readJson, succeeded } from '../fake-world.ts';
import type { QueueItem } from '../../../src/domain/queue/queue-item.ts';
import { notesPath } from '../queue-world.ts';
import type { World } from '../world.ts';
import type { Scenario } from './crash-suite.ts';
import { lost, type Problem } from './problems.ts';
import { soundState } from './promises.ts';
import { daemonUntil, NOTHING } from './scenario-kit.ts';
import { atRest } from './shared-servers.ts';

/** With the breaker, which would hold up what other scenarios wait for. */
const breaking = (world: World): World => world.withEnv({ BREAKER_FAILURES: '2', BREAKER_MINUTES: '600' });

const key = (world: World, number: number): string => notesPath(world, `key-${number}`);
const asks = (number: number): string => `needs a key ${number}.`;

const breaker = (world: World): string => join(world.home, 'queue', 'breaker.json');

const isBroken = (world: World): boolean =>
  existsSync(breaker(world)) && readFileSync(breaker(world), 'utf8').includes('"told": true');

interface EndedRun {
  readonly subject: string;
  readonly class: string;
}

/** How the runs for these tasks have ended so far, by their records: one that was refused its log is in no list of logs. */
function endsOf(world: World, tasks: readonly QueueItem[]): EndedRun[] {
  const subjects = new Set(tasks.map(({ issue_ref: ref }) => ref));
  const directory = join(world.home, 'logs');
  return readdirSync(directory)
    .filter((name) => name.startsWith('r_') && name.endsWith('.json'))
    .flatMap((name) => {
      const { subject, status } = readJson(join(directory, name)) as {
        readonly subject: { readonly ref?: string };
        readonly status: { readonly verdict?: { readonly class: string } };
      };
      const ref = subject.ref ?? '';
      return status.verdict !== undefined && subjects.has(ref) ? [{ subject: ref, class: status.verdict.class }] : [];
    });
}

/** The tasks of this time, as their files say: a command each time would keep the machine busy. */
function asked(world: World, number: number): QueueItem[] {
  const directory = join(world.home, 'queue', 'items');
  return readdirSync(directory)
    .filter((name) => name.startsWith('q_'))
    .map((name) => readJson(join(directory, name)) as QueueItem)
    .filter(({ message }) => message.startsWith(asks(number)));
}

/** The queue takes its break, or nothing is left that it could be taken for. */
const isSettled = (world: World, number: number): boolean =>
  isBroken(world) || asked(world, number).every(({ finished_at: end }) => end !== null);

/** Whether each task has the attempts that it should have. */
function attemptsKept(world: World, held: readonly QueueItem[]): Problem[] {
  const ends = endsOf(world, held);
  if (!isBroken(world)) {
    // On a full disk a run may end of that, before its task fails of its key: then they did not fail of the same in a row.
    const classes = new Set(ends.map((end) => end.class));
    return classes.size > 1 ? [] : ['all runs failed of the same, and the queue took no break'];
  }
  const { class: shared } = readJson(breaker(world)) as { readonly class: string | null };
  const own = ends.filter((end) => end.class !== shared);
  // A runner that died, or a disk that was full for a moment, has cost its own task an attempt, and no other.
  return held
    .filter(({ state, attempts, issue_ref: ref }) => {
      const cost = own.filter(({ subject }) => subject === ref).length;
      return state !== 'pending' || attempts > cost;
    })
    .map(({ state, attempts }) => lost(`an attempt: a task is ${state} after ${attempts}`));
}

/** Two tasks fail of the same: the queue takes a break, and neither is in error when it ends. */
const breakOfTheQueue: Scenario = {
  name: 'a break of the queue',
  queues: true,
  prepare: async (world, number) => {
    succeeded(await world.kugetsu('queue', 'resume'));
    for (const each of [number, 1_000_000 + number]) {
      const message = `${asks(number)}\nfake: needs-file 401 ${key(world, number)}`;
      succeeded(await world.kugetsu('queue', 'enqueue', issue(each), message));
    }
  },
  act: async (world, number) => {
    await daemonUntil(breaking(world), () => isSettled(world, number));
    return NOTHING;
  },
  check: async (world, number) => {
    // Whatever has died, the next daemon takes the break.
    await daemonUntil(breaking(world), () => isSettled(world, number));
    const held = asked(world, number);
    const problems = attemptsKept(world, held);
    writeFileSync(key(world, number), '');
    const ended = held.filter(({ state }) => state === 'error').map(({ id }) => id);
    if (ended.length > 0) succeeded(await world.kugetsu('queue', 'retry', ...ended));
    succeeded(await world.kugetsu('queue', 'resume'));
    await daemonUntil(breaking(world), () => asked(world, number).every(({ finished_at: end }) => end !== null));
    const ends = asked(world, number).map(({ state }) => state);
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
