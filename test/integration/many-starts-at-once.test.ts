import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { report } from '../support/faults/figures.ts';
import { issue, listed, readJson, readyWorld, REF, runOf, succeeded, worktreeOf } from '../support/fake-world.ts';
import { gitIn, killed, killQuietly, processesOf, until, type World } from '../support/world.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

async function stopAll(world: World): Promise<void> {
  const working = (await listed(world)).filter(({ run }) => run !== null && run.verdict === null);
  for (const { issue_ref: ref } of working) succeeded(await world.kugetsu('stop', ref));
}

test('of ten issues that are started at once, as many as there are slots get an agent', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '3' });
  const outcomes = await Promise.all(numbers(10).map(async (n) => world.kugetsu('start', issue(n), 'fake: stall')));
  expect(outcomes.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 4, 4, 4, 4, 4, 4, 4]);
  for (const { code, stderr } of outcomes.filter(({ code: exit }) => exit !== 0)) {
    expect(code).toBe(4);
    expect(stderr).toMatch(/^kugetsu: no agent slot is free: 3 agents at work, MAX_CONCURRENT_AGENTS is 3\n/);
  }
  const running = (await listed(world)).filter(({ type }) => type === 'forked');
  expect(running.map(({ state }) => state)).toEqual(['working', 'working', 'working']);
  report({ part: 'many starts at once', writers: outcomes.length });
  await stopAll(world);
  expect(processesOf(world.root)).toEqual([]);
});

test('eight issues of one repository that was never cloned start at once, each in its own worktree', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '8' });
  const work = 'fake: sh git branch --show-current > branch.txt && git add . && git commit --quiet -m Work';
  const outcomes = await Promise.all(numbers(8).map(async (n) => world.kugetsu('start', issue(n), work, '--follow')));
  expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
  report({ part: 'many starts at once', writers: outcomes.length });
  expect(readdirSync(join(world.home, 'repos')).filter((name) => name.endsWith('.git'))).toHaveLength(1);
  for (const n of numbers(8)) {
    expect(await gitIn(world, worktreeOf(world, issue(n)), 'show', 'HEAD:branch.txt')).toBe(`fix/issue-${n}`);
  }
  const sessions = (await listed(world)).map(({ session_id: id }) => id);
  expect(new Set(sessions).size).toBe(10);
});

test('an issue that is started twice at once gets one agent', async () => {
  const world = await readyWorld();
  const outcomes = await Promise.all([1, 2, 3].map(async (n) => world.kugetsu('start', REF, `fake: stall ${n}`)));
  expect(outcomes.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 4, 4]);
  for (const { stderr } of outcomes.filter(({ code }) => code !== 0)) expect(stderr).toMatch(/^kugetsu: \S+#1 is /);
  expect((await runOf(world)).phase).toBe('working');
  expect(processesOf(world.root).filter(({ command }) => command.includes('run --session'))).toHaveLength(1);
  await stopAll(world);
});

test('without a slot, --queue writes the task down and prints its id', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '1' });
  succeeded(await world.kugetsu('start', issue(1), 'fake: stall'));
  const { stdout, stderr } = succeeded(await world.kugetsu('start', issue(2), 'fix "this"\nplease', '--queue'));
  const id = stdout.trim();
  expect(id).toMatch(/^q_[0-9a-z]+$/);
  expect(stderr).toContain(id);
  const path = join(world.home, 'queue', 'items', `${id}.json`);
  expect(readJson(path)).toMatchObject({
    id,
    type: 'issue',
    issue_ref: issue(2),
    message: 'fix "this"\nplease',
    state: 'pending',
    attempts: 0,
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await listed(world)).map(({ issue_ref: ref }) => ref)).not.toContain(issue(2));
  await stopAll(world);
});

test('with a slot, --queue starts the agent and queues nothing', async () => {
  const world = await readyWorld();
  const { stdout } = succeeded(await world.kugetsu('start', REF, 'hello', '--queue', '--follow'));
  expect(stdout).toContain('You said: hello');
  expect(readdirSync(join(world.home, 'queue', 'items')).filter((name) => name.startsWith('q_'))).toEqual([]);
});

test('a run that died takes no slot', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '1' });
  succeeded(await world.kugetsu('start', issue(1), 'fake: stall'));
  expect(await world.kugetsu('start', issue(2), 'hello')).toMatchObject({ code: 4 });
  const { owner } = await runOf(world, issue(1));
  await killed(owner.pid);
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect((await runOf(world, issue(1))).verdict?.class).toBe('runner_died');
});

test('an agent that has ended, and one that is stopped, give their slots back', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '1' });
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  succeeded(await world.kugetsu('start', issue(2), 'fake: stall'));
  succeeded(await world.kugetsu('stop', issue(2)));
  expect(await world.kugetsu('continue', issue(1), 'more', '--follow')).toMatchObject({ code: 0 });
});

// Slow: the lock of a killed process is free after five seconds.
test('a start whose command is killed while it prepares does not block the issue', async () => {
  const world = await readyWorld();
  const starting = world.kugetsu('start', REF, 'fake: stall');
  const claimed = join(world.home, 'sessions', 'forge.test-acme-demo-1.json');
  await until('the issue is claimed', () => existsSync(claimed));
  // Again and again: what is listed may have started another process before it is killed.
  await until('all are killed', () => {
    const rest = processesOf(world.root);
    for (const { pid } of rest) killQuietly(pid);
    return rest.length === 0;
  });
  await starting;
  expect(await world.kugetsu('start', REF, 'hello', '--follow')).toMatchObject({ code: 0 });
});
