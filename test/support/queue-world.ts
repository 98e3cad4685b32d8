import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { withLock } from '../../src/adapters/store/lock.ts';
import { replaceFile } from '../../src/adapters/store/private-files.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { readJson, readyWorld, REF, succeeded } from './fake-world.ts';
import { until, type World } from './world.ts';

/** A process of before the last reboot. */
export const DEAD = { pid: 1, process_start: '1', boot_id: '00000000-0000-4000-8000-000000000000' };

/** A ready world whose daemon, if there is one at the end, is stopped. It looks by itself once an hour. */
export async function queueWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await readyWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60', QUEUE_RETRY_BASE_SECONDS: '0.1', ...env });
  onTestFinished(async () => {
    await world.kugetsu('queue-daemon', 'stop');
  });
  return world;
}

/** Starts the daemon. @returns its pid */
export async function startDaemon(world: World): Promise<number> {
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  return daemonPid(world);
}

/** The pid of the daemon. */
export async function daemonPid(world: World): Promise<number> {
  const { stdout } = succeeded(await world.kugetsu('queue-daemon', 'status', '--json'));
  return (JSON.parse(stdout) as { readonly pid: number }).pid;
}

/** Puts a task for an issue's agent into the queue. @returns its id */
export async function enqueue(world: World, message: string, ref: string = REF): Promise<string> {
  return succeeded(await world.kugetsu('queue', 'enqueue', ref, message)).stdout.trim();
}

/** Hands a task to the PM agent. @returns its id */
export async function delegate(world: World, message: string): Promise<string> {
  return succeeded(await world.kugetsu('delegate', message)).stdout.trim();
}

/** The file of a task. */
export function taskPath(world: World, id: string): string {
  return join(world.home, 'queue', 'items', `${id}.json`);
}

/** A task as it is on disk. */
export function task(world: World, id: string): QueueItem {
  return readJson(taskPath(world, id)) as QueueItem;
}

/** All tasks as `queue list` shows them. */
export async function tasks(world: World, ...options: readonly string[]): Promise<QueueItem[]> {
  return JSON.parse(succeeded(await world.kugetsu('queue', 'list', '--json', ...options)).stdout) as QueueItem[];
}

/** Changes the file of a task under the lock of the queue, as a daemon does that may be at work. */
export async function editTask(
  world: World,
  id: string,
  changes: Partial<QueueItem> | ((item: QueueItem) => Partial<QueueItem>),
): Promise<void> {
  await withLock(join(world.home, 'queue', 'items.lock'), async () => {
    const before = task(world, id);
    const after = { ...before, ...(typeof changes === 'function' ? changes(before) : changes) };
    await replaceFile(taskPath(world, id), JSON.stringify(after));
  });
}

/** A task as soon as it is what `condition` asks for. */
export async function taskThat(
  world: World,
  id: string,
  condition: (item: QueueItem) => boolean,
  capMs = 180_000,
): Promise<QueueItem> {
  return until(
    `${id} gets there`,
    () => {
      const item = task(world, id);
      return condition(item) ? item : undefined;
    },
    capMs,
  );
}

/** A task as soon as it has come to its end. */
export async function finishedTask(world: World, id: string): Promise<QueueItem> {
  return taskThat(world, id, ({ state }) => state === 'completed' || state === 'error');
}

/** What the daemon has written to its log. */
export function daemonLog(world: World): string {
  const path = join(world.home, 'queue', 'daemon.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** A message whose agent appends a line to a file of this name outside its worktree, and is done. */
export function notes(world: World, name: string, line = 'begun'): string {
  return `fake: sh echo ${line} >> '${notesPath(world, name)}'`;
}

/** The lines that agents have appended to the file of this name. */
export function noted(world: World, name: string): string[] {
  const path = notesPath(world, name);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** The file of this name outside the worktrees. */
export function notesPath(world: World, name: string): string {
  mkdirSync(join(world.root, 'notes'), { recursive: true });
  return join(world.root, 'notes', name);
}

/** Lets every agent go on that waits for the file of this name. */
export function give(world: World, name: string): void {
  writeFileSync(notesPath(world, name), '');
}

/** A message whose agent notes that it has begun, and works until it is given a file. */
export function waitsFor(world: World, name: string): string {
  const begun = notesPath(world, `${name}-begun`);
  return `fake: sh echo begun >> '${begun}'; until [ -e '${notesPath(world, name)}' ]; do sleep 0.05; done`;
}
