// Slow: every command is run on the home that 0.1.0 left.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { firstReleaseWorld } from '../support/compat-home.ts';
import { doctor, stateOf } from '../support/doctor.ts';
import { issue, listed, listedIssue, succeeded, waysBack } from '../support/fake-world.ts';
import { finishedTask, task, tasks } from '../support/queue-world.ts';

const WAITING = ['q_0mwwnm7w0s8lagj9o', 'q_0mwwnm8altjcnl9oo'];
/** What had ended when the home was frozen is older by the day. */
const KEEP_OLD_TASKS = { QUEUE_CLEANUP_AGE_DAYS: '36500' };
const SESSION = 'ses_deb52f8c7ffe2E0IFMGECpCOps';

// Twenty-five commands, one after the other.
test('every command that reads takes a home of 0.1.0 as it is, and changes nothing', async () => {
  const world = await firstReleaseWorld();
  const before = stateOf(world);
  const said = async (...args: string[]): Promise<string> => succeeded(await world.kugetsu(...args)).stdout;
  expect(await said('status')).toBe('ok\n');
  expect((await listed(world)).map(({ issue_ref: ref, state }) => [ref, state])).toEqual([
    ['(base)', 'idle'],
    ['(pm-agent)', 'idle'],
    [issue(1), 'idle'],
    [issue(2), 'idle'],
  ]);
  expect(await listedIssue(world)).toMatchObject({ session_id: SESSION, run: { verdict: { outcome: 'succeeded' } } });
  expect((await listedIssue(world, issue(2))).run?.verdict?.outcome).toBe('failed');
  expect((await tasks(world)).map(({ state }) => state)).toEqual(['completed', 'completed', 'pending', 'pending']);
  expect(await said('queue', 'stats')).toContain('2');
  expect(await said('notify', 'list')).toContain('something to know');
  expect(await said('logs')).toContain(issue(1));
  expect(await said('logs', issue(1))).toContain('add tests');
  expect(await said('server', 'list')).toContain('forge');
  expect(await said('env', 'get', 'COLOUR', 'default')).toBe('blue\n');
  expect(await said('env', 'list')).toContain('pm-agent');
  expect(await said('env', 'show', 'default')).toContain('COLOUR');
  expect(await said('server', 'default')).toBe('forge\n');
  expect(await said('rescued')).toBe('');
  expect(await said('config', 'get', 'MAX_CONCURRENT_AGENTS')).toBe('2\n');
  expect(await said('config', 'list')).toContain('MAX_CONCURRENT_AGENTS\t2');
  expect(await said('queue-daemon', 'logs')).not.toBe('');
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
  succeeded(await world.kugetsu('prune'));
  const { findings } = await doctor(world);
  // How long the tasks have waited depends on the day.
  const wrong = findings.filter(({ level, check }) => level === 'error' && check !== 'queue-daemon');
  expect(wrong).toEqual([]);
  expect(stateOf(world)).toEqual(before);
});

// Two commands with an agent and a removal, on a repository that today's git directory is made for first.
test('an agent goes on where 0.1.0 stopped, and what it left uncommitted is saved when the issue goes', async () => {
  const world = await firstReleaseWorld();
  succeeded(await world.kugetsu('continue', issue(1), 'hello', '--follow'));
  expect(await listedIssue(world)).toMatchObject({ session_id: SESSION });
  expect(existsSync(join(world.home, 'worktrees', 'forge.test-acme-demo-1', 'draft.txt'))).toBe(true);
  const [way = ''] = waysBack(succeeded(await world.kugetsu('destroy', issue(1), '-y')));
  expect(way).toMatch(/^git --git-dir \S+ worktree add --detach (\S+) refs\/kugetsu\/rescue\//);
  expect(readFileSync(join(world.home, 'index.json'), 'utf8')).not.toContain(issue(1));
});

// A PM agent and an agent on an issue come to their end, each with a runner of its own.
test('the daemon works every task off that waited, in the sessions that were there', async () => {
  const world = await firstReleaseWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60', ...KEEP_OLD_TASKS });
  onTestFinished(async () => void (await world.kugetsu('queue-daemon', 'stop')));
  const before = WAITING.map((id) => task(world, id));
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  for (const { id, message, created_at } of before) {
    expect(await finishedTask(world, id)).toMatchObject({ message, created_at, state: 'completed', attempts: 1 });
  }
  expect((await tasks(world)).map(({ id }) => id)).toHaveLength(4);
  expect((await listedIssue(world, issue(2))).run).toMatchObject({
    kind: 'continue',
    verdict: { outcome: 'succeeded' },
  });
  expect((await listedIssue(world, issue(2))).session_id).toBe('ses_deb52db44ffeQEif0TSyWZINs5');
});
