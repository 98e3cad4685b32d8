// Slow: a daemon works three tasks off, and two agents go on.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LIMITED_TASKS, limitedWorld } from '../support/compat-home.ts';
import { doctor, stateOf } from '../support/doctor.ts';
import {
  issue,
  listed,
  readJson,
  REPOSITORY,
  sessionFile,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { finishedTask } from '../support/queue-world.ts';
import { gitIn } from '../support/world.ts';

test('every command that reads takes the home as it is, and changes nothing', async () => {
  const world = await limitedWorld();
  const before = stateOf(world);
  const said = async (...args: string[]): Promise<string> => succeeded(await world.kugetsu(...args)).stdout;
  expect(await said('status')).toBe('ok\n');
  expect((await listed(world)).map(({ issue_ref: ref }) => ref)).toEqual(['(base)', '(pm-agent)', issue(1), issue(2)]);
  expect(await said('repo', 'show', REPOSITORY, 'branch_prefix')).toBe('agents/\n');
  expect(JSON.parse(await said('repo', 'list', '--json'))).toMatchObject([{ problems: [] }]);
  // The break that it takes has been over for long, and one task is to be tried.
  expect(await said('queue', 'list')).toContain('2 tasks in a row ended with no_credentials');
  expect(await said('queue', 'explain', LIMITED_TASKS[0])).toContain('no_credentials');
  await said('prune');
  const { findings } = await doctor(world);
  // How long the tasks have waited, and the break has lasted, depends on the day.
  const wrong = findings.filter(({ level, check }) => level === 'error' && check !== 'queue-daemon');
  expect(wrong).toEqual([]);
  expect(stateOf(world)).toEqual(before);
});

test('the daemon works off what waited, with where it begins, its set-up and its check', async () => {
  const world = await limitedWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60', QUEUE_CLEANUP_AGE_DAYS: '36500' });
  onTestFinished(async () => void (await world.kugetsu('queue-daemon', 'stop')));
  succeeded(await world.kugetsu('queue', 'resume'));
  expect(existsSync(join(world.home, 'queue', 'breaker.json'))).toBe(false);
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  for (const id of LIMITED_TASKS) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
  expect(await gitIn(world, worktreeOf(world, issue(3)), 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('agents/issue-3');
  expect(readJson(join(world.home, 'spending.json'))).not.toMatchObject({ day: '2026-11-26', tokens: 30 });
});

test('a worktree that was not set up is, and the branch of a pull request is gone on with', async () => {
  const world = await limitedWorld();
  succeeded(await world.kugetsu('continue', issue(1), 'fake: sh cat made.txt', '--follow'));
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded', reply: expect.stringContaining('set up') });
  expect(readFileSync(join(worktreeOf(world), 'draft.txt'), 'utf8')).toContain('of issue 1');
  // The request is still open: origin has its branch, with what is not merged.
  await gitIn(world, worktreeOf(world, issue(2)), 'commit', '--quiet', '--allow-empty', '-m', 'Work');
  await gitIn(world, worktreeOf(world, issue(2)), 'push', '--quiet', 'origin', 'HEAD:refs/heads/feature-x');
  succeeded(await world.kugetsu('start', issue(2), 'fake: sh true', '--follow'));
  expect(await gitIn(world, worktreeOf(world, issue(2)), 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('feature-x');
  expect(readJson(sessionFile(world, issue(2)))).toMatchObject({ branch: 'feature-x', pull_request: 92 });
});
