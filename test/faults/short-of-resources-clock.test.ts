// Slow: the clock jumps under a daemon at work.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildWith, type BuiltProgram } from '../support/faults/crashing-build.ts';
import { issue, listed, listedIssue, readyWorld, REF, runOf, succeeded, worktreeOf } from '../support/fake-world.ts';
import { delegate, enqueue, finishedTask, give, startDaemon, task, tasks, waitsFor } from '../support/queue-world.ts';
import { run, until, type Outcome, type World } from '../support/world.ts';

const DAY_MS = 24 * 60 * 60_000;

let steered: BuiltProgram;
beforeAll(() => {
  steered = buildWith({ 'adapters/clock.ts': 'steered-clock.ts' });
});
afterAll(() => rmSync(steered.directory, { recursive: true, force: true }));

/** A ready world whose clock a test can set. */
async function clockWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const bare = await readyWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60', ...env });
  const offset = { KUGETSU_CLOCK_OFFSET: join(bare.root, 'clock-offset') };
  const command = [steered.program];
  const at = bare.withEnv(offset);
  const world: World = {
    ...at,
    command,
    kugetsu: async (...args) => run([...command, ...args], { cwd: bare.project, env: at.env }),
  };
  onTestFinished(async () => {
    await world.kugetsu('queue-daemon', 'stop');
  });
  return world;
}

/** Sets the clock of everything in the world. */
function jump(world: World, days: number): void {
  writeFileSync(world.env['KUGETSU_CLOCK_OFFSET'] ?? '', String(days * DAY_MS));
}

/** A command that goes on while the test does. */
function begin(world: World, ...args: readonly string[]): Promise<Outcome> {
  const [command = '', ...first] = world.command;
  const child = spawn(command, [...first, ...args], { cwd: world.project, env: world.env });
  const outcome = { code: -1, stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (outcome.stdout += String(data)));
  child.stderr.on('data', (data) => (outcome.stderr += String(data)));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ ...outcome, code: code ?? -1 }));
  });
}

test.each([1, -1])(
  'the clock jumps by %i day: what is on goes on, what waits is tried, and what is new stays',
  async (days) => {
    const world = await clockWorld({ QUEUE_RETRY_BASE_SECONDS: '60', MAX_CONCURRENT_AGENTS: '3' });
    await startDaemon(world);
    const flying = await enqueue(world, waitsFor(world, 'go'), issue(1));
    const retried = await enqueue(world, `fake: crash-once ${join(world.root, 'crashed')}`, issue(2));
    await until('one is at work', () => task(world, flying).state === 'notified');
    await until(
      'the other waits',
      () => task(world, retried).attempts === 1 && task(world, retried).state === 'pending',
    );
    succeeded(await world.kugetsu('notify', 'send', 'said before'));
    await until('the agent is at work', async () => (await listedIssue(world, issue(1))).run?.phase === 'working');

    jump(world, days);
    const late = await enqueue(world, 'made afterwards', issue(3));
    const told = await delegate(world, 'fake: reply told');
    // Its wait was half a minute at the least: it is due, or from a time that nobody waits until.
    expect(await finishedTask(world, retried)).toMatchObject({ state: 'completed', attempts: 2 });
    for (const id of [late, told])
      expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
    expect((await listedIssue(world, issue(1))).run).toMatchObject({ phase: 'working', verdict: null });
    give(world, 'go');
    expect(await finishedTask(world, flying)).toMatchObject({ state: 'completed', attempts: 1, failure: null });

    succeeded(await world.kugetsu('notify', 'send', 'said afterwards'));
    const { stdout: heard } = succeeded(await world.kugetsu('notify', 'list', '--all'));
    for (const words of ['said before', 'said afterwards']) expect(heard.split(words)).toHaveLength(2);
    succeeded(await world.kugetsu('queue', 'clear'));
    succeeded(await world.kugetsu('prune', '--force'));
    expect((await tasks(world)).map(({ id }) => id).toSorted()).toEqual([flying, retried, late, told].toSorted());
    expect(readFileSync((await runOf(world, issue(1))).log, 'utf8')).toContain('"event":"ended"');
  },
);

test('the clock is set back by a day while a start is followed: a runner that dies is noticed', async () => {
  const world = await clockWorld();
  const following = begin(world, 'start', REF, 'fake: stall', '--follow');
  const pid = await until('the agent is at work', async () => {
    const session = (await listed(world)).find(({ issue_ref: ref }) => ref === REF);
    return session?.run?.phase === 'working' ? session.run.owner.pid : undefined;
  });
  jump(world, -1);
  process.kill(pid, 'SIGKILL');
  const { code, stderr } = await following;
  expect(code).toBe(1);
  expect(stderr).toMatch(/supervised the start was killed/);
});

test('the clock jumps by a day while an agent is being stopped: its runner has its time', async () => {
  const world = await clockWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: ignore-term'));
  const { agent_pid: agent } = await runOf(world);
  const ignoring = join(worktreeOf(world), 'ignoring');
  await until('what the agent started ignores TERM', () => existsSync(ignoring));
  const stopping = begin(world, 'stop', REF);
  // What it started takes the whole of its grace, and the runner is waited for.
  await until('the agent was told to end', () => !existsSync(`/proc/${agent}`));
  jump(world, 1);
  expect((await stopping).code).toBe(0);
  const { verdict, log } = await runOf(world);
  expect(verdict).toMatchObject({ outcome: 'stopped' });
  // A runner that was killed would not have said so.
  expect(readFileSync(log, 'utf8')).toMatch(/"event":"ended".*"outcome":"stopped"/);
});

test('the clock was set back after a fetch: the next start fetches', async () => {
  const world = await clockWorld();
  jump(world, 1);
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  jump(world, 0);
  const checkout = join(world.root, 'checkouts', 'demo');
  const commit = 'git commit --quiet --allow-empty -m Newer && git push --quiet "$0" main && git rev-parse HEAD';
  const pushed = succeeded(
    await run(['sh', '-c', commit, join(world.root, 'remotes', 'demo.git')], { cwd: checkout, env: world.env }),
  );
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  const { worktree } = await listedIssue(world, issue(2));
  const head = succeeded(await run(['git', 'rev-parse', 'HEAD'], { cwd: worktree ?? '', env: world.env }));
  expect(head.stdout).toBe(pushed.stdout);
});

test('a lock is from the future, because its holder died before the clock was set back: it is passed over', async () => {
  const world = await readyWorld();
  const ahead = new Date(Date.now() + DAY_MS);
  for (const name of ['sessions.lock', 'notifications.json.lock']) {
    mkdirSync(join(world.home, name), { mode: 0o700 });
    utimesSync(join(world.home, name), ahead, ahead);
  }
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const { stdout } = succeeded(await world.kugetsu('notify', 'list'));
  expect(stdout).toMatch(/task_completed/);
});
