import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { identityOf } from '../../src/adapters/process/process-identity.ts';
import { tick } from '../../src/domain/daemon/tick.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { listRunRecords } from '../../src/domain/runs/run-files.ts';
import { contextOf } from '../support/context-of.ts';
import { issue, listedIssue, readJson, REF, sessionFile, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  DEAD,
  delegate,
  editTask,
  enqueue,
  finishedTask,
  noted,
  notes,
  queueWorld,
  startDaemon,
  taskPath,
  tasks,
} from '../support/queue-world.ts';
import type { World } from '../support/world.ts';

const RUN = 'r_0mwrzy3vsoanbch2t';
const CLAIM: Partial<QueueItem> = { state: 'notified', attempts: 1, run_id: RUN, claimed_by: DEAD };

/** A run that was claimed by a process that died before it could start a runner. */
const interruptedRun = (world: World, kind: 'start' | 'continue' | 'pm') => ({
  id: RUN,
  kind,
  log: `${world.home}/logs/${RUN}.log`,
  phase: 'preparing' as const,
  owner: DEAD,
  agent_pid: null,
  requested_at: '2026-03-29T18:16:10+02:00',
  working_at: null,
  ended_at: null,
  verdict: null,
  taken_over: false,
});

async function doneOnce(world: World, id: string): Promise<void> {
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1, failure: null });
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  // What another daemon would do now, it would do twice.
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect((await tasks(world)).map(({ state, attempts }) => ({ state, attempts }))).toEqual([
    { state: 'completed', attempts: 1 },
  ]);
  expect(noted(world, 'work')).toEqual(['begun']);
}

test('a daemon that died between claim and launch has made no attempt: the task is released, and done once', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, notes(world, 'work'));
  await editTask(world, id, CLAIM);
  await startDaemon(world);
  await doneOnce(world, id);
  expect(daemonLog(world)).toContain(`${id} released: its claim was interrupted`);
  expect(daemonLog(world)).toContain(`(attempt 1)`);
});

test('a daemon that died after it had claimed the issue, too, has made no attempt either', async () => {
  const world = await queueWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const id = await enqueue(world, notes(world, 'work'));
  await editTask(world, id, CLAIM);
  const session = readJson(sessionFile(world)) as Record<string, unknown>;
  const run = { ...interruptedRun(world, 'continue'), task: id, parent: null };
  writeFileSync(sessionFile(world), JSON.stringify({ ...session, state: 'preparing', run }));
  await startDaemon(world);
  await doneOnce(world, id);
  expect((await listedIssue(world)).run).toMatchObject({ kind: 'continue', verdict: { class: 'ok' } });
});

test('a claim of an issue that had no session yet is released as well', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, notes(world, 'work'));
  await editTask(world, id, CLAIM);
  const index = readJson(`${world.home}/index.json`) as { readonly issues: Record<string, string> };
  const session = {
    type: 'forked',
    issue_ref: REF,
    opencode_session_id: null,
    worktree_path: null,
    created_at: '2026-03-29T18:16:10+02:00',
    state: 'preparing',
    branch: 'fix/issue-1',
    repository: null,
    start_commit: null,
    previous_session_ids: [],
    run: { ...interruptedRun(world, 'start'), task: id, parent: null },
  };
  mkdirSync(dirname(sessionFile(world)), { recursive: true });
  writeFileSync(sessionFile(world), JSON.stringify(session));
  const issues = { ...index.issues, [REF]: 'forge.test-acme-demo-1.json' };
  writeFileSync(`${world.home}/index.json`, JSON.stringify({ ...index, issues }));
  await startDaemon(world);
  await doneOnce(world, id);
});

test('a PM task whose runner was never started is released, and done once', async () => {
  const world = await queueWorld();
  const id = await delegate(world, notes(world, 'work'));
  await editTask(world, id, { ...CLAIM, run: interruptedRun(world, 'pm') });
  await startDaemon(world);
  await doneOnce(world, id);
});

test('a claim of a process that is alive is left alone', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, notes(world, 'work'));
  await editTask(world, id, { ...CLAIM, claimed_by: identityOf(process.pid) ?? DEAD });
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(readJson(taskPath(world, id))).toMatchObject({ state: 'notified', attempts: 1, run_id: RUN });
});

test('by the end of a look each claim is its runner’s, although that is gone: the next look finds it abandoned', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '2' });
  for (const n of [1, 2]) await enqueue(world, notes(world, 'work'), issue(n));
  const context = { ...(await contextOf(world)), self: { executable: '/bin/true', prefix: [] } };
  const memory = { cleanedAt: 0, obstacle: undefined, tasks: { open: new Set<string>(), waits: '' }, fleet: {} };
  await tick(context, memory, async () => undefined);
  const runs = await listRunRecords(context);
  expect(runs).toHaveLength(2);
  expect(runs.filter(({ owner }) => owner.pid === process.pid)).toEqual([]);
});
