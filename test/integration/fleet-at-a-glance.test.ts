import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { toldText } from '../../src/adapters/process/tool-commands.ts';
import { OverviewReader, type Overview } from '../../src/domain/overview/overview.ts';
import { overviews } from '../../src/domain/overview/changes.ts';
import { RunPulse } from '../../src/domain/overview/pulse.ts';
import { SHAPES_ONLY } from '../../src/util/redaction.ts';
import { contextOf } from '../support/context-of.ts';
import { issue, listedIssue, readyWorld, REF, runOf, succeeded } from '../support/fake-world.ts';
import { delegate, enqueue, give, noted, queueWorld, startDaemon, waitsFor } from '../support/queue-world.ts';
import { killQuietly, makeWorld, processesOf, until, type World } from '../support/world.ts';

async function overview(world: World): Promise<Overview> {
  return new OverviewReader(await contextOf(world)).read();
}

/** Every file of the home with its content. */
function contents(world: World): Record<string, string> {
  const names = readdirSync(world.home, { recursive: true, encoding: 'utf8' });
  const files = names.filter(
    (name) => !/^(?:worktrees|repos)\//.test(name) && statSync(join(world.home, name)).isFile(),
  );
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(world.home, name), 'utf8')]));
}

// It waits for a daemon and three runs, one after the other.
test('an agent at work is seen with the command that its tool runs, its attempt and its tokens; the rest of the fleet beside it', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent runs a command', () => noted(world, 'go-begun').length > 0);
  const waiting = await enqueue(world, 'hello', issue(2));
  const task = await delegate(world, 'hello');
  const seen = await until('all tasks are in the overview', async () => {
    const found = await overview(world);
    return found.tasks.length === 3 && found.sessions.some(({ activity }) => activity?.command != null) && found;
  });
  const session = seen.sessions.find(({ issue_ref: ref }) => ref === REF);
  expect(session?.activity).toMatchObject({ attempt: 1, command: { text: expect.stringContaining('until [ -e') } });
  expect(seen).toMatchObject({ slots: { limit: 1, taken: 1 }, daemon: { running: true }, holds: [], problems: [] });
  expect(seen.tasks.map((each) => [each.id, each.state, each.reasons[0]?.code])).toEqual([
    [id, 'notified', undefined],
    [waiting, 'pending', 'no_slot'],
    [task, 'pending', expect.stringMatching(/^(?:no_slot|pm_limit)$/)],
  ]);
  expect(seen.notifications.map(({ type }) => type)).toContain('task_started');
  give(world, 'go');
  const after = await until('all have ended', async () => {
    const found = await overview(world);
    return found.tasks.every(({ state }) => state === 'completed') && found;
  });
  expect(after.sessions.find(({ issue_ref: ref }) => ref === REF)).toMatchObject({
    activity: null,
    run: { verdict: { outcome: 'succeeded', evidence: { commits_ahead: 0 } } },
  });
  expect(after.slots).toMatchObject({ taken: 0 });
});

test('list --json has what an agent does; a secret in its command is not shown', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, `${waitsFor(world, 'go')}; : ghp_${'a1'.repeat(18)}`));
  await until('the agent runs a command', () => noted(world, 'go-begun').length > 0);
  const { stdout } = succeeded(await world.kugetsu('list', '--json=activity'));
  const [activity] = (JSON.parse(stdout) as { activity: object | null }[]).flatMap((each) => each.activity ?? []);
  expect(activity).toMatchObject({ attempt: null, steps: 0, command: { text: expect.stringMatching(/^echo begun/) } });
  expect(stdout).not.toContain('ghp_');
  give(world, 'go');
  await until('the run has ended', async () => (await runOf(world)).verdict !== null);
  expect(await listedIssue(world)).toMatchObject({ activity: null });
});

test('what a log tells grows with it', async () => {
  const log = join(makeWorld({ opencode: 'none' }).root, 'r_x.log');
  const event = (type: string, part: object): string => `${JSON.stringify({ type, timestamp: 0, part })}\n`;
  const tokens = { input: 10, output: 5, reasoning: 1, cache: { read: 100, write: 0 } };
  const step = event('step_finish', { reason: 'tool-calls', tokens, cost: 0.25 });
  const pulse = new RunPulse(log);
  expect(await pulse.read(SHAPES_ONLY)).toEqual({ last: null, step: null, steps: 0, tokens: 0, cost: 0 });
  writeFileSync(
    log,
    step + event('tool_use', { tool: 'read', state: { status: 'error', error: 'no such\nfile' } }) + step,
  );
  const last = { type: 'tool', tool: 'read', failed: true, text: 'no such file' };
  expect(await pulse.read(SHAPES_ONLY)).toMatchObject({ last, steps: 2, tokens: 232, cost: 0.5 });
  appendFileSync(log, event('text', { text: `it says "step_finish", and ${'much '.repeat(100)}` }) + step.slice(0, 20));
  expect(await pulse.read(SHAPES_ONLY)).toMatchObject({ last: { type: 'text', tool: null, failed: false }, steps: 2 });
  appendFileSync(log, step.slice(20));
  const { steps, last: said } = await pulse.read(SHAPES_ONLY);
  expect(steps).toBe(3);
  expect(said?.text).toHaveLength(200);
});

test('what is being prepared counts from its beginning, until it is done', async () => {
  const log = join(makeWorld({ opencode: 'none' }).root, 'r_y.log');
  const say = (at: string, record: object): void =>
    appendFileSync(log, `${JSON.stringify({ type: 'kugetsu', at, name: 'worktree', ...record })}\n`);
  const pulse = new RunPulse(log);
  say('2026-03-29T18:16:10+02:00', { event: 'progress', note: 'cloning h/a/b …' });
  say('2026-03-29T18:16:20+02:00', { event: 'progress', note: 'cloning h/a/b: Receiving objects: 4%' });
  expect((await pulse.read(SHAPES_ONLY)).step).toEqual({
    name: 'worktree',
    note: 'cloning h/a/b: Receiving objects: 4%',
    since: '2026-03-29T18:16:10+02:00',
  });
  say('2026-03-29T18:16:30+02:00', { event: 'step', note: 'there', ms: 1 });
  expect((await pulse.read(SHAPES_ONLY)).step).toBe(null);
});

test.each([
  [['/bin/bash', '-c', 'npm test'], 'npm test'],
  [['sh', '-lc', 'npm test', 'x'], 'npm test'],
  [['node', '-c', 'x.js'], 'node -c x.js'],
  [['npm', 'test'], 'npm test'],
  [['sh'], 'sh'],
  [[], ''],
])('of %j the command is %j', (words, text) => {
  expect(toldText(words)).toBe(text);
});

test('to look changes nothing: a runner that was killed is shown as it will be settled', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  await until('all have ended', () => {
    const left = processesOf(world.root);
    // What they have begun meanwhile is killed at the next look.
    for (const { pid } of left) killQuietly(pid);
    return left.length === 0;
  });
  const before = contents(world);
  const session = (await overview(world)).sessions.find(({ issue_ref: ref }) => ref === REF);
  expect(session).toMatchObject({ state: 'idle', activity: null, run: { verdict: { class: 'runner_died' } } });
  expect(contents(world)).toEqual(before);
});

test('what cannot be read is named, and the rest is there', async () => {
  const world = await queueWorld();
  await enqueue(world, 'hello');
  writeFileSync(join(world.home, 'index.json'), '{');
  const seen = await overview(world);
  expect(seen.problems).toContainEqual(expect.stringContaining('index.json'));
  expect(seen.notifications.map(({ type }) => type)).toContain('task_queued');
});

test('whoever follows the overview has it at once, and again when it has changed', async () => {
  const world = await queueWorld();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  // The interval is so long that only the watch can have told it.
  const pace = { atMostEvery: 10, atLeastEvery: 2 ** 31 };
  const stream = overviews(await contextOf(world), { signal: stop.signal, pace });
  const tasks = async (): Promise<number | undefined> => (await stream.next()).value?.tasks.length;
  expect(await tasks()).toBe(0);
  const next = tasks();
  await enqueue(world, 'hello');
  let count = await next;
  // The notification may come before its task.
  while (count === 0) count = await tasks();
  expect(count).toBe(1);
  const end = stream.next();
  stop.abort();
  expect(await end).toEqual({ done: true, value: undefined });
});
