import type { QueueItem } from '../../../src/domain/queue/queue-item.ts';
import { issue, succeeded } from '../fake-world.ts';
import { noted, notes, tasks } from '../queue-world.ts';
import type { Outcome, World } from '../world.ts';
import type { Scenario } from './crash-suite.ts';
import { doubled, lost, type Problem } from './problems.ts';
import { soundState } from './promises.ts';
import { daemonUntil, isFinished, tasksOf, queued, taskWorkedOff } from './scenario-kit.ts';

const OTHERS = 1_000_000;

/** Two tasks, of two issues, whose agents note that they have begun. */
async function enqueueTwo(world: World, number: number): Promise<void> {
  for (const each of [number, OTHERS + number]) {
    const message = `task ${number}.\n${notes(world, `task-${number}`)}`;
    succeeded(await world.kugetsu('queue', 'enqueue', issue(each), message));
  }
}

async function theTwo(world: World, number: number): Promise<{ found: QueueItem[]; problems: Problem[] }> {
  const found = await queued(world, number);
  return { found, problems: found.length === 2 ? [] : [`of two tasks ${found.length} are there`] };
}

const cancelAll: Scenario = {
  name: 'queue cancel --all-pending',
  queues: true,
  prepare: enqueueTwo,
  act: async (world) => world.kugetsu('queue', 'cancel', '--all-pending'),
  check: async (world, number, { code }) => {
    const { found, problems } = await theTwo(world, number);
    const open = found.filter(({ state }) => state !== 'error');
    if (code === 0 && open.length > 0) problems.push(`${open.length} of those that were cancelled still wait`);
    succeeded(await world.kugetsu('queue', 'cancel', '--all-pending'));
    const ends = (await theTwo(world, number)).found.map(({ failure }) => failure?.class);
    if (ends.some((end) => end !== 'cancelled')) problems.push(`they ended ${ends.join(', ')}`);
    if (noted(world, `task-${number}`).length > 0) problems.push('an agent ran');
    return [...problems, ...(await soundState(world))];
  },
};

const retryAll: Scenario = {
  name: 'queue retry --all-failed',
  queues: true,
  prepare: async (world, number) => {
    await enqueueTwo(world, number);
    for (const { id } of await queued(world, number)) succeeded(await world.kugetsu('queue', 'cancel', id));
  },
  act: async (world) => world.kugetsu('queue', 'retry', '--all-failed', '--class', 'cancelled'),
  check: async (world, number, { code }) => {
    const { found, problems } = await theTwo(world, number);
    const left = found.filter(({ state }) => state === 'error');
    if (code === 0 && left.length > 0) problems.push(lost(`${left.length} were put into the queue again`));
    succeeded(await world.kugetsu('queue', 'retry', '--all-failed', '--class', 'cancelled'));
    const areFinished = async (): Promise<boolean> =>
      (await queued(world, number)).every(({ state }) => state === 'completed' || state === 'error');
    await daemonUntil(world, areFinished);
    const ends = (await theTwo(world, number)).found.map(({ state }) => state);
    if (ends.some((state) => state !== 'completed')) problems.push(`they ended ${ends.join(', ')}`);
    const begun = noted(world, `task-${number}`).length;
    if (begun !== 2) problems.push(begun > 2 ? doubled(`their agents ran ${begun} times`) : lost('an agent never ran'));
    return [...problems, ...(await soundState(world))];
  },
};

const firstOf = (number: number): string => `first of ${number}`;

const idOfFirst = async (world: World, number: number): Promise<string> =>
  (await tasks(world, '--all')).find(({ message }) => message === firstOf(number))?.id ?? '';

const delegateWithConditions: Scenario = {
  name: 'delegate --after --at --priority',
  queues: true,
  prepare: async (world, number) => {
    succeeded(await world.kugetsu('queue', 'enqueue', issue(OTHERS + number), firstOf(number)));
  },
  act: async (world, number) => {
    const message = `task ${number}.\n${notes(world, `task-${number}`)}`;
    const first = await idOfFirst(world, number);
    return world.kugetsu('delegate', message, '--after', first, '--at', '+9h', '--priority', '3');
  },
  check: async (world, number, { code, stdout }) => {
    const [item, ...more] = await queued(world, number);
    if (item === undefined) return code === 0 ? [lost(`${stdout.trim()} was printed, and is not there`)] : [];
    const { id, after = [], not_before: time, priority } = item;
    const problems: Problem[] = more.length > 0 ? [doubled('it is there twice')] : [];
    if (after.length !== 1 || time === undefined || priority !== 3) problems.push(lost('what it is to wait for'));
    succeeded(await world.kugetsu('queue', 'edit', id, '--at', 'now'));
    const { item: ended, problems: others } = await taskWorkedOff(world, number);
    if (ended?.state !== 'completed') problems.push(`it ended ${ended?.state}: ${JSON.stringify(ended?.failure)}`);
    return [...problems, ...others];
  },
};

const child = (number: number): string => `child of ${number}`;

async function children(world: World, number: number): Promise<QueueItem[]> {
  return (await tasks(world, '--all')).filter(({ message }) => message === child(number));
}

/** The PM agent asks twice for the same, and so does each attempt at its task. */
const onceInPmRun: Scenario = {
  name: 'queue enqueue --once of a PM agent',
  queues: true,
  prepare: async (world, number) => {
    const once = `kugetsu queue enqueue '${issue(number)}' '${child(number)}' --at +9h --once`;
    succeeded(await world.kugetsu('delegate', `task ${number}.\nfake: sh ${once} && ${once}`));
  },
  act: async (world, number) => {
    await daemonUntil(world, () => waitsOrHasEnded(world, number));
    return { code: 0, stdout: '', stderr: '' } satisfies Outcome;
  },
  check: async (world, number) => {
    await daemonUntil(world, () => waitsOrHasEnded(world, number));
    const made = await children(world, number);
    const problems: Problem[] = made.length > 1 ? [doubled(`its child is there ${made.length} times`)] : [];
    for (const { id } of made) succeeded(await world.kugetsu('queue', 'edit', id, '--at', 'now'));
    await daemonUntil(world, () => isFinished(world, number));
    const [parent] = await queued(world, number);
    const ids = new Set(parent?.children.map(({ id }) => id));
    if (ids.size !== made.length || made.some(({ id }) => !ids.has(id))) problems.push(lost('a child of its parent'));
    // On a full disk each of its commands may have been refused: then it says that, and nothing is there.
    const isRefused = parent?.failure?.class === 'nothing_started' && made.length === 0;
    if (parent?.state !== 'completed' && !isRefused)
      problems.push(`it ended ${parent?.state}: ${JSON.stringify(parent?.failure)}`);
    return [...problems, ...(await soundState(world))];
  },
};

/** By the files: a program that is refused its changes could not list them. */
function waitsOrHasEnded(world: World, number: number): boolean {
  const [item] = tasksOf(world, number);
  if (item === undefined) throw new Error('the task is not there');
  return item.run?.verdict?.outcome === 'succeeded' || item.finished_at !== null;
}

/** What people and agents ask of several tasks at once. */
export const MANY_TASKS_SCENARIOS: readonly Scenario[] = [cancelAll, retryAll, delegateWithConditions, onceInPmRun];
