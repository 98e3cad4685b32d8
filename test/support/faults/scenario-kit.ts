import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueItem } from '../../../src/domain/queue/queue-item.ts';
import { readJson } from '../fake-world.ts';
import { finishedTask, noted, notesPath, tasks } from '../queue-world.ts';
import { until, type Outcome, type World } from '../world.ts';
import { atRest } from './shared-servers.ts';
import { doubled, lost, type Problem } from './problems.ts';
import { soundState } from './promises.ts';

/** The outcome of what has none of its own. */
export const NOTHING: Outcome = { code: 0, stdout: '', stderr: '' };

/** The tasks that a scenario has queued; their messages name its number. */
export const queued = async (world: World, number: number): Promise<QueueItem[]> =>
  (await tasks(world)).filter(({ message }) => message.includes(`task ${number}.`));

/** A daemon in the foreground, until `done` or until it dies, and then `after`; then everything of it has ended. */
export async function daemonUntil(
  world: World,
  done: () => boolean | Promise<boolean>,
  after: () => void | Promise<void> = () => undefined,
): Promise<void> {
  const [command = '', ...args] = world.command;
  const daemon = spawn(command, [...args, 'queue-daemon', 'run'], {
    cwd: world.project,
    env: world.env,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  let dead = false;
  void ended.then(() => (dead = true));
  await until('the task is done, or the daemon is dead', async () => dead || done());
  daemon.kill('SIGTERM');
  await ended;
  await after();
  await atRest(world);
}

/** The tasks that a scenario has queued, by the files: a command each time would keep the machine busy. */
export function tasksOf(world: World, number: number): QueueItem[] {
  const directory = join(world.home, 'queue', 'items');
  return readdirSync(directory)
    .filter((name) => name.startsWith('q_'))
    .map((name) => readJson(join(directory, name)) as QueueItem)
    .filter(({ message }) => message.includes(`task ${number}.`));
}

export function isFinished(world: World, number: number): boolean {
  return tasksOf(world, number).some(({ state }) => state === 'completed' || state === 'error');
}

/** Lets a daemon finish the task. @returns it, and what is not as promised of any task */
export async function taskWorkedOff(
  world: World,
  number: number,
): Promise<{ item: QueueItem | undefined; problems: Problem[] }> {
  await daemonUntil(world, () => isFinished(world, number));
  const [item, ...more] = await queued(world, number);
  if (item === undefined) return { item: undefined, problems: [lost('the task')] };
  const problems = more.length > 0 ? [doubled('it is there twice')] : [];
  await finishedTask(world, item.id);
  const begun = noted(world, `task-${number}`).length;
  if (begun < 1) problems.push(lost('its agent never ran'));
  if (begun > item.attempts) problems.push(doubled(`its agent ran ${begun} times in ${item.attempts} attempts`));
  const { stdout } = await world.kugetsu('notify', 'list', '--all', '--json');
  const told = (JSON.parse(stdout) as { readonly type: string; readonly task: string | null }[]).some(
    ({ type, task }) => task === item.id && type === `task_${item.state}`,
  );
  if (!told) problems.push(lost(`the news of its end (${item.state})`));
  return { item, problems: [...problems, ...(await soundState(world))] };
}

/** A file for which an agent waits. */
export const gate = (world: World, number: number): string => notesPath(world, `gate-${number}`);
