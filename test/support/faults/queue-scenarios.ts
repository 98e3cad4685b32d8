import { writeFileSync } from 'node:fs';
import type { QueueItem } from '../../../src/domain/queue/queue-item.ts';
import { issue, succeeded } from '../fake-world.ts';
import { editTask, noted, notes, tasks } from '../queue-world.ts';
import type { Outcome, World } from '../world.ts';
import type { Scenario } from './crash-suite.ts';
import { doubled, lost, type Problem } from './problems.ts';
import { soundState } from './promises.ts';
import { daemonUntil, gate, isFinished, NOTHING, queued, tasksOf, taskWorkedOff } from './scenario-kit.ts';
import { atRest } from './shared-servers.ts';

/** A task whose agent notes that it has begun. */
async function enqueueNoting(world: World, number: number, then = ''): Promise<void> {
  const message = `task ${number}.\n${notes(world, `task-${number}`)}${then}`;
  succeeded(await world.kugetsu('queue', 'enqueue', issue(number), message));
}

async function theTask(world: World, number: number): Promise<QueueItem> {
  const found = await queued(world, number);
  const [item] = found;
  if (item === undefined || found.length > 1) throw new Error(`the task is there ${found.length} times`);
  return item;
}

async function endsCancelled(world: World, number: number, { code }: Outcome): Promise<Problem[]> {
  const { id, state } = await theTask(world, number);
  if (code === 0 && state !== 'error') return [`it was cancelled, and is ${state}`];
  const again = await world.kugetsu('queue', 'cancel', id, '-y');
  // What has ended already is not cancelled again.
  if (again.code !== (state === 'error' || state === 'completed' ? 1 : 0)) {
    return [`cancel afterwards: exit code ${again.code}: ${again.stderr}`];
  }
  const { state: end, failure } = await theTask(world, number);
  const ended = end === 'completed' ? code !== 0 : failure?.class === 'cancelled';
  return ended ? [] : [`it was cancelled, and is ${end}: ${JSON.stringify(failure)}`];
}

const cancelWaiting: Scenario = {
  name: 'queue cancel of a task that waits',
  queues: true,
  prepare: enqueueNoting,
  act: async (world, number) => world.kugetsu('queue', 'cancel', (await theTask(world, number)).id),
  check: async (world, number, outcome) => {
    const problems = await endsCancelled(world, number, outcome);
    if (noted(world, `task-${number}`).length > 0) problems.push('its agent ran');
    return [...problems, ...(await soundState(world))];
  },
};

const cancelWorking: Scenario = {
  name: 'queue cancel of a task that an agent has',
  queues: true,
  prepare: async (world, number) =>
    enqueueNoting(world, number, `; until [ -e '${gate(world, number)}' ]; do sleep 0.05; done`),
  act: async (world, number) => {
    const { id } = await theTask(world, number);
    // A daemon that dies before leaves a task that waits.
    let cancelled = { ...NOTHING, code: 1, stderr: 'no agent is at work: the daemon has died' };
    const cancelIt = async (): Promise<boolean> => {
      if (noted(world, `task-${number}`).length === 0) return false;
      cancelled = await world.kugetsu('queue', 'cancel', id, '-y');
      return true;
    };
    await daemonUntil(world, cancelIt, () => writeFileSync(gate(world, number), ''));
    return cancelled;
  },
  check: async (world, number, outcome) => {
    writeFileSync(gate(world, number), '');
    const problems = await endsCancelled(world, number, outcome);
    await atRest(world);
    const { attempts } = await theTask(world, number);
    const begun = noted(world, `task-${number}`).length;
    if (begun > attempts) problems.push(doubled(`its agent ran ${begun} times in ${attempts} attempts`));
    return [...problems, ...(await soundState(world))];
  },
};

async function workedOffWell(world: World, number: number): Promise<Problem[]> {
  const { item, problems } = await taskWorkedOff(world, number);
  if (item === undefined || item.state === 'completed') return problems;
  return [...problems, `${item.state}: ${JSON.stringify(item.failure)}`];
}

const retry: Scenario = {
  name: 'queue retry',
  queues: true,
  prepare: async (world, number) => {
    await enqueueNoting(world, number);
    succeeded(await world.kugetsu('queue', 'cancel', (await theTask(world, number)).id));
  },
  act: async (world, number) => world.kugetsu('queue', 'retry', (await theTask(world, number)).id),
  check: async (world, number, { code }) => {
    const { id, state } = await theTask(world, number);
    if (code === 0 && state !== 'pending') return [lost(`it was put into the queue again, and is ${state}`)];
    if (state === 'error') succeeded(await world.kugetsu('queue', 'retry', id));
    return workedOffWell(world, number);
  },
};

const editAndMove: Scenario = {
  name: 'queue edit, queue move',
  queues: true,
  prepare: async (world, number) => {
    await enqueueNoting(world, number);
    succeeded(await world.kugetsu('queue', 'enqueue', issue(number), `another task of ${number}`));
  },
  act: async (world, number) => {
    const { id, message } = await theTask(world, number);
    const edited = await world.kugetsu('queue', 'edit', id, '--message', `${message}; echo edited-${number}`);
    const moved = await world.kugetsu('queue', 'move', id, '--last');
    return edited.code === 0 ? moved : edited;
  },
  check: async (world, number, { code }) => {
    const { id, message } = await theTask(world, number);
    const problems: Problem[] = [];
    if (code === 0 && !message.includes(`edited-${number}`)) problems.push(lost('the new message'));
    const moved = await world.kugetsu('queue', 'move', id, '--first');
    if (moved.code !== 0) problems.push(`move afterwards: ${moved.stderr}`);
    return [...problems, ...(await workedOffWell(world, number))];
  },
};

const pause: Scenario = {
  name: 'queue pause, queue resume',
  queues: true,
  prepare: enqueueNoting,
  act: async (world) => {
    const paused = await world.kugetsu('queue', 'pause', '--reason', 'the server is being upgraded');
    const resumed = await world.kugetsu('queue', 'resume');
    return paused.code === 0 ? resumed : paused;
  },
  check: async (world, number, { code }) => {
    const resumed = await world.kugetsu('queue', 'resume');
    const problems = resumed.code === 0 ? [] : [`resume afterwards (first: ${code}): ${resumed.stderr}`];
    return [...problems, ...(await workedOffWell(world, number))];
  },
};

const comesAfter: Scenario = {
  name: 'a task that comes after another one',
  queues: true,
  prepare: async (world, number) => {
    const first = await world.kugetsu('queue', 'enqueue', issue(1_000_000 + number), `first of ${number}`);
    const message = `task ${number}.\n${notes(world, `task-${number}`)}`;
    succeeded(
      await world.kugetsu('queue', 'enqueue', issue(number), message, '--after', succeeded(first).stdout.trim()),
    );
  },
  act: async (world, number) => {
    await daemonUntil(world, () => isFinished(world, number));
    return NOTHING;
  },
  check: async (world, number) => workedOffWell(world, number),
};

/** A task of another issue that waits as long as no daemon is there. */
async function anotherTask(world: World, number: number): Promise<string> {
  const added = await world.kugetsu('queue', 'enqueue', issue(1_000_000 + number), `first of ${number}`);
  return succeeded(added).stdout.trim();
}

const idOfAnother = async (world: World, number: number): Promise<string | undefined> =>
  (await tasks(world, '--all')).find(({ message }) => message === `first of ${number}`)?.id;

/** Lets the task begin at once, and be done. */
async function begunAtOnce(world: World, number: number): Promise<Problem[]> {
  const { id } = await theTask(world, number);
  succeeded(await world.kugetsu('queue', 'edit', id, '--at', 'now'));
  return workedOffWell(world, number);
}

const enqueueWithConditions: Scenario = {
  name: 'queue enqueue --after --at --once',
  queues: true,
  prepare: async (world, number) => void (await anotherTask(world, number)),
  act: async (world, number) => enqueueOnce(world, number),
  check: async (world, number, { code, stdout }) => {
    const found = await queued(world, number);
    if (code === 0 && found[0]?.id !== stdout.trim()) return [lost('the task that was printed')];
    // Whether or not it was added, it is there once when it is asked for again.
    const again = succeeded(await enqueueOnce(world, number)).stdout.trim();
    const { id, after = [], not_before: time } = await theTask(world, number);
    const problems: Problem[] = [];
    if (id !== again || (code === 0 && id !== stdout.trim())) problems.push(doubled('it was added again'));
    if (after.length !== 1 || time === undefined) problems.push(lost('what it is to wait for'));
    return [...problems, ...(await begunAtOnce(world, number))];
  },
};

async function enqueueOnce(world: World, number: number): Promise<Outcome> {
  const first = (await idOfAnother(world, number)) ?? '';
  const message = `task ${number}.\n${notes(world, `task-${number}`)}`;
  return world.kugetsu('queue', 'enqueue', issue(number), message, '--after', first, '--at', '+9h', '--once');
}

const editConditions: Scenario = {
  name: 'queue edit of what a task waits for',
  queues: true,
  prepare: async (world, number) => {
    await anotherTask(world, number);
    await enqueueNoting(world, number);
  },
  act: async (world, number) => {
    const [{ id }, first] = [await theTask(world, number), (await idOfAnother(world, number)) ?? ''];
    return world.kugetsu('queue', 'edit', id, '--after', first, '--at', '+9h', '--priority', '3');
  },
  check: async (world, number, { code }) => {
    const { after = [], not_before: time, priority = 0 } = await theTask(world, number);
    const changed = after.length + (time === undefined ? 0 : 1) + (priority === 3 ? 1 : 0);
    const problems: Problem[] = [];
    if (code === 0 && changed === 0) problems.push(lost('what it is to wait for'));
    if (changed > 0 && changed < 3) problems.push('it was changed in part');
    return [...problems, ...(await begunAtOnce(world, number))];
  },
};

const clear: Scenario = {
  name: 'queue clear',
  queues: true,
  prepare: async (world, number) => {
    const first = await anotherTask(world, number);
    const message = `task ${number}.\n${notes(world, `task-${number}`)}`;
    succeeded(await world.kugetsu('queue', 'enqueue', issue(number), message, '--after', first));
    await editTask(world, first, { state: 'completed', finished_at: new Date().toISOString() });
  },
  act: async (world) => world.kugetsu('queue', 'clear', '--all-finished'),
  check: async (world, number, { code }) => {
    const problems: Problem[] = [];
    if (code === 0 && (await idOfAnother(world, number)) !== undefined) problems.push('a finished task is still there');
    succeeded(await world.kugetsu('queue', 'clear', '--all-finished'));
    // That the first one was completed is known although it is gone.
    return [...problems, ...(await workedOffWell(world, number))];
  },
};

const child = (number: number): string => `child of ${number}`;

const cancelWaitingForChildren: Scenario = {
  name: 'queue cancel of a task with children',
  queues: true,
  prepare: async (world, number) => {
    const start = `kugetsu queue enqueue '${issue(number)}' '${child(number)}' --at +9h`;
    succeeded(await world.kugetsu('delegate', `task ${number}.\nfake: sh ${start}`));
    await daemonUntil(world, () => tasksOf(world, number)[0]?.run?.verdict?.outcome === 'succeeded');
  },
  act: async (world, number) => world.kugetsu('queue', 'cancel', (await theTask(world, number)).id, '-y'),
  check: async (world, number, outcome) => {
    const problems = await endsCancelled(world, number, outcome);
    const { children } = await theTask(world, number);
    const all = await tasks(world, '--all');
    const left = all.filter(({ message, failure }) => message === child(number) && failure?.class !== 'cancelled');
    if (left.length > 0) problems.push(`its child is ${left.map(({ state }) => state).join(', ')}`);
    if (children.some((each) => each.outcome !== 'stopped')) problems.push('it does not know the end of its child');
    return [...problems, ...(await soundState(world))];
  },
};

async function tasksSaying(world: World, messages: readonly string[]): Promise<QueueItem[]> {
  return (await tasks(world, '--all')).filter(({ message }) => messages.includes(message));
}

const retryChild: Scenario = {
  name: 'queue retry of a child',
  queues: true,
  prepare: async (world, number) => {
    const starts = [`'${issue(number)}' '${child(number)}'`, `'${issue(1_000_000 + number)}' 'first of ${number}'`];
    const commands = starts.map((start) => `kugetsu queue enqueue ${start} --at +9h`).join(' && ');
    succeeded(await world.kugetsu('delegate', `task ${number}.\nfake: sh ${commands}`));
    await daemonUntil(world, () => tasksOf(world, number)[0]?.run?.verdict?.outcome === 'succeeded');
    for (const { id } of await tasksSaying(world, [child(number)]))
      succeeded(await world.kugetsu('queue', 'cancel', id));
  },
  act: async (world, number) => {
    const [{ id } = { id: '' }] = await tasksSaying(world, [child(number)]);
    return world.kugetsu('queue', 'retry', id);
  },
  check: async (world, number, { code }) => {
    const problems: Problem[] = [];
    for (const { id, state } of await tasksSaying(world, [child(number)])) {
      if (code === 0 && state !== 'pending') problems.push(lost(`it was put into the queue again, and is ${state}`));
      if (state === 'error') succeeded(await world.kugetsu('queue', 'retry', id));
    }
    const open = await tasksSaying(world, [child(number), `first of ${number}`]);
    for (const { id } of open) succeeded(await world.kugetsu('queue', 'edit', id, '--at', 'now'));
    await daemonUntil(world, () => isFinished(world, number));
    const { state, failure } = await theTask(world, number);
    if (open.length !== 2 || state !== 'completed') problems.push(`it is ${state}: ${JSON.stringify(failure)}`);
    return [...problems, ...(await soundState(world))];
  },
};

/** What people ask of the queue. */
export const QUEUE_SCENARIOS: readonly Scenario[] = [
  cancelWaiting,
  cancelWorking,
  retry,
  editAndMove,
  pause,
  comesAfter,
  enqueueWithConditions,
  editConditions,
  clear,
  cancelWaitingForChildren,
  retryChild,
];
