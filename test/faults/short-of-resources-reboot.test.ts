// Slow: runs of before a reboot are found and worked off.
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { issue, listedIssue, readJson, readyWorld, sessionFile, succeeded, worktreeOf } from '../support/fake-world.ts';
import { report } from '../support/faults/figures.ts';
import { makeNamespace, type Namespace } from '../support/faults/namespace.ts';
import { finishedTask, give, noted, notesPath, task, taskPath } from '../support/queue-world.ts';
import { liveRecords, livePath } from '../support/run-records.ts';
import { processesOf, until, type World } from '../support/world.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const STAT = '/proc/stat';

/** The machine from one boot to the next: with an id and a time of its own. */
async function boot(world: World): Promise<Namespace> {
  const [id, stat] = ['id', 'stat'].map((name) => join(world.root, `boot-${name}-${randomUUID()}`));
  writeFileSync(id ?? '', `${randomUUID()}\n`);
  const now = Math.ceil(Date.now() / 1000);
  writeFileSync(stat ?? '', readFileSync(STAT, 'utf8').replace(/^btime .*/m, `btime ${now}`));
  return makeNamespace(world, `mount --bind "$1" ${BOOT_ID}; mount --bind "$2" ${STAT}`, id ?? '', stat ?? '');
}

/** An agent that leaves a file, notes that it has begun, and works until it is given a file. */
function leavesAndWaits(world: World, name: string): string {
  const begun = notesPath(world, `${name}-begun`);
  return `fake: sh echo ${name} >> left.txt; echo begun >> '${begun}'; until [ -e '${notesPath(world, name)}' ]; do sleep 0.05; done`;
}

interface Owner {
  readonly pid: number;
  readonly process_start: string;
}

/** Every process that a file of the home names. */
function recordedProcesses(world: World): { readonly path: string; readonly owner: Owner; readonly pid: number }[] {
  const items = join(world.home, 'queue', 'items');
  const tasks = readdirSync(items).filter((name) => name.startsWith('q_'));
  const paths = [
    ...[1, 2, 3].map((number) => sessionFile(world, issue(number))),
    ...tasks.map((name) => join(items, name)),
  ];
  const copies = paths.flatMap((path) => {
    const { run } = readJson(path) as {
      readonly run: { readonly owner: Owner; readonly agent_pid: number | null } | null;
    };
    return run === null ? [] : [{ path, owner: run.owner, agent: run.agent_pid }];
  });
  const records = liveRecords(world).map(({ id, owner, status }) => ({
    path: livePath(world, id),
    owner,
    agent: status.phase === 'working' ? status.agent : null,
  }));
  return [...copies, ...records].flatMap(({ path, owner, agent }) =>
    [owner.pid, agent].filter((pid) => pid !== null).map((pid) => ({ path, owner, pid })),
  );
}

/** Starts a process with each of these pids that has nothing to do with kugetsu. @returns their start times by pid */
async function strangers(machine: Namespace, pids: readonly number[]): Promise<Map<number, string>> {
  const script = `for pid; do
    echo $((pid - 1)) > /proc/sys/kernel/ns_last_pid; env -i sleep infinity >/dev/null 2>&1 & [ $! = $pid ] || exit 1
    echo "$pid $(cut -d' ' -f22 /proc/$pid/stat)"
  done`;
  const { code, stdout, stderr } = await machine.sh(script, ...pids.map(String));
  if (code !== 0) throw new Error(`the pids could not be taken: ${stdout}${stderr}`);
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([pid, start = '']) => [Number(pid), start]),
  );
}

/** Three runs at work: one by hand, one of a task, and one that a PM agent has started, who waits, too. */
async function threeRuns(world: World): Promise<{ readonly queued: string; readonly delegated: string }> {
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  succeeded(await world.kugetsu('start', issue(1), leavesAndWaits(world, 'by-hand')));
  const queued = succeeded(
    await world.kugetsu('queue', 'enqueue', issue(2), leavesAndWaits(world, 'queued')),
  ).stdout.trim();
  const child = `kugetsu start '${issue(3)}' "${leavesAndWaits(world, 'child')}"`;
  const pm = `fake: sh echo begun >> '${notesPath(world, 'pm-begun')}'; ${child}; until [ -e '${notesPath(world, 'pm')}' ]; do sleep 0.05; done`;
  const delegated = succeeded(await world.kugetsu('delegate', pm)).stdout.trim();
  for (const name of ['by-hand', 'queued', 'child'])
    await until(`${name} is at work`, () => noted(world, `${name}-begun`).length === 1);
  await until('the PM task knows its child', () => task(world, delegated).children.length === 1);
  await until('the PM run is at work', () =>
    liveRecords(world).some(({ kind, status }) => kind === 'pm' && status.phase === 'working'),
  );
  return { queued, delegated };
}

test('a reboot with three runs in flight settles each once, and touches no process that has its pid now', async () => {
  const bare = await readyWorld({ MAX_CONCURRENT_AGENTS: '20', QUEUE_RETRY_BASE_SECONDS: '0.1' });
  const before = await boot(bare);
  const { queued, delegated } = await threeRuns(before.world);
  await before.powerOff();
  await until('every process is gone', () => processesOf(bare.root).length === 0);

  const after = await boot(bare);
  const recorded = recordedProcesses(bare);
  expect(recorded.length).toBeGreaterThanOrEqual(15);
  const daemon = (readJson(join(bare.home, 'queue', 'daemon.lock')) as { readonly owner: Owner }).owner;
  const taken = await strangers(after, [...new Set([daemon.pid, ...recorded.map(({ pid }) => pid)])]);
  // Even the start times are those that are written down: only the boot tells the strangers from what ran before.
  for (const { path, owner } of [...recorded, { path: join(bare.home, 'queue', 'daemon.lock'), owner: daemon }]) {
    const start = taken.get(owner.pid) ?? '';
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(`"process_start": "${owner.process_start}"`, `"process_start": "${start}"`),
    );
  }

  for (const name of ['by-hand', 'queued', 'child', 'pm']) give(bare, name);
  succeeded(await after.world.kugetsu('queue-daemon', 'start'));
  expect(await finishedTask(bare, queued)).toMatchObject({ state: 'completed', attempts: 2 });
  const pmTask: QueueItem = await finishedTask(bare, delegated);
  expect(pmTask).toMatchObject({ state: 'completed', attempts: 2 });
  expect(pmTask.children.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
  expect((await listedIssue(after.world, issue(1))).run?.verdict).toMatchObject({ class: 'runner_died' });
  const begun = ['by-hand', 'queued', 'child', 'pm'].map((name) => noted(bare, `${name}-begun`).length);
  expect(begun).toEqual([1, 2, 2, 2]);

  expect(readFileSync(join(worktreeOf(bare, issue(1)), 'left.txt'), 'utf8')).toBe('by-hand\n');
  expect(readFileSync(join(worktreeOf(bare, issue(2)), 'left.txt'), 'utf8')).toBe('queued\nqueued\n');
  const { stdout: told } = succeeded(await after.world.kugetsu('notify', 'list', '--all'));
  expect(told).toMatch(/task_error.*runner_died/);
  // The second start of the child's issue has saved what the first had left.
  expect(told).toMatch(/work_saved.*to get it back/);
  for (const id of [queued, delegated]) expect(existsSync(taskPath(bare, id))).toBe(true);

  const survivors = await after.sh('for pid; do kill -0 $pid && echo $pid; done', ...[...taken.keys()].map(String));
  expect(survivors.stdout.trim().split('\n').map(Number)).toEqual([...taken.keys()]);
  succeeded(await after.world.kugetsu('queue-daemon', 'stop'));
  await after.powerOff();
  report({ part: 'reboot with three runs in flight', cases: 1, crash_points: recorded.length + 1, tasks: 2 });
});
