// Slow: 0.1.0 is at work, and is upgraded while its agents are.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { identityOf } from '../../src/adapters/process/process-identity.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { firstReleaseWorld } from '../support/compat-home.ts';
import { issue, listedIssue, readJson, sessionFile, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  DEAD,
  editTask,
  finishedTask,
  noted,
  notes,
  task,
  taskPath,
  tasks,
} from '../support/queue-world.ts';
import { keptPath, liveRecords, recordIn } from '../support/run-records.ts';
import type { World } from '../support/world.ts';

const RUN = 'r_0mwwnmaaaaaaaaaa1';
const PM_RUN = 'r_0mwwnmaaaaaaaaaa2';
const LOST_RUN = 'r_0mwwnmaaaaaaaaaa3';
const TASK_RUN = 'r_0mwwnmaaaaaaaaaa4';
const PM_TASK = 'q_0mwwnm7w0s8lagj9o';
const ISSUE_TASK = 'q_0mwwnm8altjcnl9oo';
const RUNNING_TASK = 'q_0mwwnm8alaaaaaaa1';
const WAITING_TASK = 'q_0mwwnm8alaaaaaaa2';

/** A process that stands in for one of 0.1.0's that is still at work, in the form in which that wrote it down. */
function standIn(world: World, run?: string): { pid: number; owner: object; end(): Promise<void> } {
  const mark = run === undefined ? {} : { KUGETSU_RUN_ID: run, KUGETSU_DIR: world.home };
  const child = spawn('sleep', ['600'], { stdio: 'ignore', env: { ...world.env, ...mark } });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(end);
  const { pid = 0 } = child;
  const { process_start, boot_id } = identityOf(pid) ?? DEAD;
  return { pid, owner: { pid, process_start, boot_id }, end };
}

/** A run as 0.1.0 wrote it: in the session file, or in the task. */
const oldRun = (world: World, id: string, changes: object): Record<string, unknown> => ({
  id,
  kind: 'continue',
  log: join(world.home, 'logs', `${id}.log`),
  phase: 'working',
  agent_pid: 1,
  requested_at: '2026-11-25T21:48:00+00:00',
  working_at: '2026-11-25T21:48:03+00:00',
  ended_at: null,
  verdict: null,
  task: null,
  parent: null,
  taken_over: true,
  ...changes,
});

const VERDICT = {
  outcome: 'succeeded',
  class: 'ok',
  message: 'done',
  retryable: false,
  exit_code: 0,
  signal: null,
  steps: 1,
  tokens: { input: 1, output: 1, reasoning: 0, cache_read: 0, cache_write: 0 },
  cost: 0,
  reply: 'done by the old one',
  evidence: null,
};
const ENDED = { phase: 'ended', ended_at: '2026-11-25T21:50:00+00:00', verdict: VERDICT };

/** Writes into the session file of an issue as a runner of 0.1.0 does. */
function writeRun(world: World, number: number, run: Record<string, unknown>): void {
  const path = sessionFile(world, issue(number));
  const session = readJson(path) as object;
  writeFileSync(path, JSON.stringify({ ...session, state: run['phase'] === 'ended' ? 'idle' : run['phase'], run }));
}

/** Adds an issue as 0.1.0 claims one that it has never seen, for this run. */
function claimIssue(world: World, number: number, run: Record<string, unknown>): void {
  const like = readJson(sessionFile(world, issue(2))) as Record<string, unknown>;
  const worktree = join(world.home, 'worktrees', `forge.test-acme-demo-${number}`);
  const known = { issue_ref: issue(number), branch: `fix/issue-${number}`, worktree_path: worktree };
  const nothing = { opencode_session_id: null, start_commit: null, previous_session_ids: [] };
  const file = `forge.test-acme-demo-${number}.json`;
  const session = { ...like, ...known, ...nothing, state: run['phase'], run };
  writeFileSync(join(world.home, 'sessions', file), JSON.stringify(session));
  const index = readJson(join(world.home, 'index.json')) as { readonly issues: object };
  const issues = { ...index.issues, [issue(number)]: file };
  writeFileSync(join(world.home, 'index.json'), JSON.stringify({ ...index, issues }));
}

/** Adds a task for an issue as 0.1.0 wrote it. */
function addTask(world: World, id: string, changes: Partial<QueueItem>): void {
  const like = task(world, ISSUE_TASK);
  writeFileSync(taskPath(world, id), JSON.stringify({ ...like, id, ...changes }));
}

/** Holds the daemon's lock as a daemon of 0.1.0 does. */
function oldDaemon(world: World): ReturnType<typeof standIn> {
  const daemon = standIn(world);
  const queue = join(world.home, 'queue');
  writeFileSync(join(queue, 'daemon.pid'), `${daemon.pid}\n`);
  writeFileSync(
    join(queue, 'daemon.lock'),
    JSON.stringify({ owner: daemon.owner, since: '2026-11-25T21:47:00+00:00' }),
  );
  return daemon;
}

// It takes long because it is the whole of an upgrade in one world: each part of it stands on what was there before.
test('the program is replaced under a daemon, three runs, two retries and a PM task of 0.1.0: nothing is doubled or lost', async () => {
  const daemonSettings = { QUEUE_DAEMON_INTERVAL_MINUTES: '60', QUEUE_RETRY_BASE_SECONDS: '0.1' };
  const world = await firstReleaseWorld({ ...daemonSettings, MAX_CONCURRENT_AGENTS: '3' });
  onTestFinished(async () => void (await world.kugetsu('queue-daemon', 'stop')));
  const daemon = oldDaemon(world);
  const [runner, taskRunner, pmRunner] = [standIn(world, RUN), standIn(world, TASK_RUN), standIn(world, PM_RUN)];
  const failure = { class: 'model_unavailable', message: 'status 500', at: '2026-11-25T21:49:00+00:00' };
  // Three runs at work: somebody's, an attempt at a task that still makes its worktree, and the PM agent's.
  const atWork = oldRun(world, RUN, { owner: runner.owner });
  writeRun(world, 1, atWork);
  const preparing = { kind: 'start', phase: 'preparing', agent_pid: null, working_at: null };
  const taskRun = oldRun(world, TASK_RUN, { ...preparing, owner: taskRunner.owner, task: RUNNING_TASK });
  claimIssue(world, 3, taskRun);
  const claimed = { state: 'notified', claimed_by: daemon.owner as never, attempts: 1 } as const;
  addTask(world, RUNNING_TASK, { ...claimed, run_id: TASK_RUN, issue_ref: issue(3), message: notes(world, 'running') });
  const pmRun = oldRun(world, PM_RUN, { kind: 'pm', owner: pmRunner.owner });
  await editTask(world, PM_TASK, { ...claimed, run_id: PM_RUN, run: pmRun as never, message: notes(world, 'pm') });
  // Two retries: the second attempt at one task has died, and another task waits for its second.
  writeRun(world, 2, oldRun(world, LOST_RUN, { owner: DEAD, task: ISSUE_TASK }));
  const lost = { ...claimed, claimed_by: DEAD, attempts: 2, run_id: LOST_RUN, issue_ref: issue(2), failure };
  await editTask(world, ISSUE_TASK, { ...lost, message: notes(world, 'died') });
  const due = { attempts: 1, next_attempt_at: '2026-11-25T21:49:10.000+00:00', failure };
  addTask(world, WAITING_TASK, { ...due, issue_ref: issue(4), message: notes(world, 'waited') });

  // What is at work is seen, counted and left alone; what died is settled, and its task waits for its next attempt.
  expect(await listedIssue(world)).toMatchObject({ state: 'working', run: { id: RUN, verdict: null } });
  expect(await listedIssue(world, issue(3))).toMatchObject({
    state: 'preparing',
    run: { id: TASK_RUN, verdict: null },
  });
  expect((await listedIssue(world, issue(2))).run).toMatchObject({ id: LOST_RUN, verdict: { class: 'runner_died' } });
  const busy = await world.kugetsu('start', issue(1), 'hello');
  expect(busy).toMatchObject({ code: 4 });
  expect(busy.stderr).toContain(`at work (run ${RUN})`);
  const full = await world.withEnv({ MAX_CONCURRENT_AGENTS: '2' }).kugetsu('start', issue(5), 'hello');
  expect(full).toMatchObject({ code: 4 });
  expect(full.stderr).toContain('no agent slot is free: 2 agents at work');
  expect((await world.kugetsu('destroy', issue(1), '-y')).code).toBe(4);
  expect((await world.kugetsu('queue-daemon', 'run', '--once')).code).toBe(4);
  expect(liveRecords(world)).toEqual([]);
  expect((await tasks(world)).find(({ id }) => id === PM_TASK)).toMatchObject({
    run: { id: PM_RUN, phase: 'working' },
  });

  // The new daemon takes over from the old one, retries, and waits for the runs that that began.
  await daemon.end();
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  expect(await finishedTask(world, ISSUE_TASK)).toMatchObject({ state: 'completed', attempts: 3 });
  expect(await finishedTask(world, WAITING_TASK)).toMatchObject({ state: 'completed', attempts: 2 });
  expect(task(world, PM_TASK)).toMatchObject({ state: 'notified', run_id: PM_RUN });
  expect(task(world, RUNNING_TASK)).toMatchObject({ state: 'notified', run_id: TASK_RUN });

  // The old runners write their verdicts as they always did, and what waits for them is settled.
  writeRun(world, 1, { ...atWork, ...ENDED });
  await runner.end();
  writeRun(world, 3, { ...taskRun, ...ENDED });
  await taskRunner.end();
  await editTask(world, PM_TASK, { run: { ...pmRun, ...ENDED } as never });
  await pmRunner.end();
  const done = { state: 'completed', reply: 'done by the old one', attempts: 1 };
  expect(await finishedTask(world, PM_TASK)).toMatchObject({ ...done, run_id: PM_RUN });
  expect(await finishedTask(world, RUNNING_TASK)).toMatchObject({ ...done, run_id: TASK_RUN });
  expect((await listedIssue(world)).run).toMatchObject({ id: RUN, verdict: { reply: 'done by the old one' } });
  succeeded(await world.kugetsu('continue', issue(1), 'hello', '--follow'));

  // Each retry was made once, and nothing that was at work was begun again.
  expect([noted(world, 'died'), noted(world, 'waited')].map(({ length }) => length)).toEqual([1, 1]);
  expect([...noted(world, 'running'), ...noted(world, 'pm')]).toEqual([]);
  for (const id of [PM_TASK, RUNNING_TASK]) expect(daemonLog(world)).not.toContain(`${id} dispatched`);
});

test('a run that a daemon of 0.1.0 has claimed, and for which it starts the new program, is seen through', async () => {
  const world = await firstReleaseWorld();
  const daemon = oldDaemon(world);
  writeRun(
    world,
    2,
    oldRun(world, RUN, {
      phase: 'preparing',
      owner: daemon.owner,
      agent_pid: null,
      working_at: null,
      taken_over: false,
    }),
  );
  const request = {
    id: RUN,
    kind: 'continue',
    issue_ref: issue(2),
    task: null,
    parent: null,
    message: 'hello',
    debug: false,
  };
  mkdirSync(join(world.home, 'runs', RUN), { recursive: true });
  writeFileSync(join(world.home, 'runs', RUN, 'request.json'), JSON.stringify(request));
  const runner = world.withEnv({ KUGETSU_RUN_ID: RUN, KUGETSU_DIR: world.home });
  succeeded(await runner.kugetsu('__runner', RUN));
  // The session file says it to those that know no records.
  expect(readJson(sessionFile(world, issue(2)))).toMatchObject({
    state: 'idle',
    run: { id: RUN, verdict: { class: 'ok' } },
  });
  expect(recordIn(world, RUN)).toMatchObject({ subject: { ref: issue(2) }, status: { phase: 'ended' } });
  expect(existsSync(keptPath(world, RUN))).toBe(true);
});

test('a run of 0.1.0 can be stopped by its issue, its task or its id', async () => {
  const world = await firstReleaseWorld();
  const pmRunner = standIn(world, PM_RUN);
  const run = oldRun(world, PM_RUN, { kind: 'pm', owner: pmRunner.owner });
  await editTask(world, PM_TASK, {
    state: 'notified',
    attempts: 1,
    run_id: PM_RUN,
    run: run as never,
    claimed_by: DEAD,
  });
  succeeded(await world.kugetsu('stop', PM_RUN));
  expect(task(world, PM_TASK)).toMatchObject({ state: 'error', failure: { class: 'stopped' } });
  const runner = standIn(world, RUN);
  writeRun(world, 1, oldRun(world, RUN, { owner: runner.owner }));
  succeeded(await world.kugetsu('stop', issue(1)));
  expect((await listedIssue(world)).run).toMatchObject({ id: RUN, verdict: { class: 'stopped' } });
});
