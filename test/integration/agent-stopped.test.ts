import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyWorld, REF, REPOSITORY, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import {
  delegate,
  enqueue,
  finishedTask,
  noted,
  queueWorld,
  startDaemon,
  task,
  waitsFor,
} from '../support/queue-world.ts';
import { keptPath, liveRecords, recordIn } from '../support/run-records.ts';
import { makeRemote, mapRepositories, processesOf, until } from '../support/world.ts';

test('stop ends an agent and its tools; session and worktree stay, and it can go on', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo begun > begun; sleep 600'));
  await until('the tool runs', () => existsSync(join(worktreeOf(world), 'begun')));
  succeeded(await world.kugetsu('stop', REF));
  expect(processesOf(world.root)).toEqual([]);
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped', class: 'stopped' });
  expect(existsSync(join(worktreeOf(world), 'begun'))).toBe(true);
  const { id } = await runOf(world);
  expect(existsSync(join(world.home, 'runs', id))).toBe(false);
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
  expect((await verdictOf(world)).class).toBe('ok');
});

test('stop ends an agent whose tool has a session of its own and ignores TERM', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: ignore-term'));
  const file = join(worktreeOf(world), 'ignoring');
  // The shell makes the file before it has written into it.
  const pid = await until(
    'the tool ignores',
    () => existsSync(file) && (readFileSync(file, 'utf8').trim() || undefined),
  );
  expect(processesOf(world.root).map((child) => String(child.pid))).toContain(pid);
  succeeded(await world.kugetsu('stop', REF));
  expect(processesOf(world.root)).toEqual([]);
  expect((await verdictOf(world)).class).toBe('stopped');
});

// It takes long because a runner is given time to end its agent itself.
test('stop ends a runner that is frozen', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: stall'));
  const { owner } = await runOf(world);
  process.kill(owner.pid, 'SIGSTOP');
  succeeded(await world.kugetsu('stop', REF));
  expect(processesOf(world.root)).toEqual([]);
  expect((await verdictOf(world)).class).toBe('stopped');
});

test('stop while the clone hangs ends the clone, and the next start works', async () => {
  const world = await readyWorld();
  const ssh = join(world.root, 'hanging-ssh');
  writeFileSync(ssh, `#!/bin/sh\necho > '${world.root}/connected'\nexec sleep 600\n`);
  chmodSync(ssh, 0o755);
  world.env['GIT_SSH_COMMAND'] = ssh;
  mapRepositories(world, { [REPOSITORY]: 'ssh://forge.test/acme/demo.git' });
  const starting = world.kugetsu('start', REF, 'hello');
  await until('the clone hangs', () => existsSync(join(world.root, 'connected')));
  expect(await runOf(world)).toMatchObject({ phase: 'preparing', verdict: null });
  succeeded(await world.kugetsu('stop', REF));
  expect((await starting).code).toBe(1);
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped', class: 'stopped' });
  await until('nothing is left', () => processesOf(world.root).length === 0);
  mapRepositories(world, { [REPOSITORY]: await makeRemote(world, 'other', { 'README.md': '# other\n' }) });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test('stop says when there is nothing to stop', async () => {
  const world = await readyWorld();
  expect(await world.kugetsu('stop', REF)).toMatchObject({ code: 1 });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const { code, stderr } = await world.kugetsu('stop', REF);
  expect(stderr).toContain(`no agent is at work on ${REF}`);
  expect(code).toBe(1);
  expect((await verdictOf(world)).class).toBe('ok');
});

test('stop takes a task of the PM agent: its agent ends, and the task ends as stopped, not to be tried again', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await delegate(world, waitsFor(world, 'pm'));
  await until('the PM agent works', () => noted(world, 'pm-begun').length === 1);
  const { stdout } = succeeded(await world.kugetsu('stop', id, '--json'));
  const run = task(world, id).run_id ?? '';
  expect(JSON.parse(stdout)).toMatchObject({
    run,
    kind: 'pm',
    issue_ref: null,
    task: id,
    verdict: { outcome: 'stopped' },
  });
  expect(await finishedTask(world, id)).toMatchObject({ state: 'error', attempts: 1, failure: { class: 'stopped' } });
  expect(recordIn(world, run)).toMatchObject({ status: { phase: 'ended', verdict: { class: 'stopped' } } });
  const again = await world.kugetsu('stop', id);
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toContain(`no agent is at work on ${id}`);
  expect(noted(world, 'pm-begun')).toEqual(['begun']);
});

test('stop takes a task of an issue, and says of one that waits that no agent is at work on it', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, waitsFor(world, 'work'));
  const early = await world.kugetsu('stop', id);
  expect(early.stderr).toContain(`${id} is waiting in the queue`);
  expect(early.code).toBe(1);
  await startDaemon(world);
  await until('the agent works', () => noted(world, 'work-begun').length === 1);
  succeeded(await world.kugetsu('stop', id));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'error', failure: { class: 'stopped' } });
  expect((await verdictOf(world)).class).toBe('stopped');
});

test('stop takes a run id; its record then lies beside its log, and logs finds it by that id', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: stall'));
  const [live] = liveRecords(world);
  expect(live).toMatchObject({ kind: 'start', subject: { type: 'issue', ref: REF }, status: { phase: 'working' } });
  const id = live?.id ?? '';
  succeeded(await world.kugetsu('stop', id));
  await until('the record is laid beside the log', () => existsSync(keptPath(world, id)));
  expect(liveRecords(world)).toEqual([]);
  expect(await runOf(world)).toMatchObject({ id, verdict: { class: 'stopped' } });
  expect(succeeded(await world.kugetsu('logs', id)).stdout).toContain('stopped');
});

test.each([
  ['r_0mwrzy3vsoanbch2t', 'there is no run r_0mwrzy3vsoanbch2t'],
  ['q_0mwrzy3vsoanbch2t', 'there is no task q_0mwrzy3vsoanbch2t'],
])('stop of %s, which is not known, says so', async (id, says) => {
  const world = await readyWorld();
  const { code, stderr } = await world.kugetsu('stop', id);
  expect(stderr).toContain(says);
  expect(code).toBe(1);
});
