import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, saidIn, succeeded } from '../support/fake-world.ts';
import {
  delegate,
  editTask,
  finishedTask,
  give,
  noted,
  notesPath,
  queueWorld,
  startDaemon,
  task,
  tasks,
  taskThat,
  waitsFor,
} from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';
import { timeOrderedId } from '../../src/util/ids.ts';

/** A message whose PM agent runs these commands. */
const pmRuns = (...commands: readonly string[]): string => `fake: sh ${commands.join(' && ')}`;
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

test('a PM task is open until the agent that it started is done, and lists it', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await delegate(world, pmRuns(`kugetsu start '${issue(2)}' ${quoted(waitsFor(world, 'go'))}`));
  const waiting = await taskThat(world, id, ({ run }) => run?.verdict?.outcome === 'succeeded');
  expect(waiting).toMatchObject({
    state: 'notified',
    finished_at: null,
    children: [{ kind: 'run', issue_ref: issue(2), outcome: null }],
  });
  expect(waiting.run?.verdict?.reply).toContain('worktree');
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  give(world, 'go');
  const done = await finishedTask(world, id);
  expect(done).toMatchObject({ state: 'completed', attempts: 1, children: [{ outcome: 'succeeded' }] });
  expect(done.children).toHaveLength(1);
  expect(done.reply).toBe(waiting.run?.verdict?.reply);
});

test('what the PM agent starts without a free slot is queued, and is its child', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  await startDaemon(world);
  const first = `kugetsu start '${issue(2)}' ${quoted(waitsFor(world, 'go'))}`;
  const id = await delegate(world, pmRuns(first, `kugetsu start '${issue(3)}' hello`));
  const waiting = await taskThat(world, id, ({ run }) => run?.verdict?.outcome === 'succeeded');
  expect(waiting.children).toMatchObject([
    { kind: 'run', issue_ref: issue(2), outcome: null },
    { kind: 'item', issue_ref: issue(3), outcome: null },
  ]);
  const child = waiting.children[1]?.id ?? '';
  expect(task(world, child)).toMatchObject({ type: 'issue', parent: id, state: 'pending', attempts: 0 });
  give(world, 'go');
  expect(await finishedTask(world, id)).toMatchObject({
    state: 'completed',
    children: [{ outcome: 'succeeded' }, { outcome: 'succeeded' }],
  });
  expect(task(world, child)).toMatchObject({ state: 'completed', attempts: 1 });
});

test('what the PM agent enqueues is its child; one that fails makes the PM task fail', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const good = `kugetsu queue enqueue '${issue(2)}' hello`;
  const bad = `kugetsu queue enqueue '${issue(3)}' 'fake: error-status 401'`;
  const id = await delegate(world, pmRuns(good, bad));
  const item = await finishedTask(world, id);
  expect(item).toMatchObject({ state: 'error', attempts: 1, failure: { class: 'child_failed' } });
  expect(item.failure?.message).toContain(`${issue(3)} (failed)`);
  expect(item.failure?.message).not.toContain(issue(2));
  const refs = item.children.map(({ issue_ref: ref, outcome }) => `${ref} ${outcome}`);
  expect(refs).toContain(`${issue(3)} failed`);
});

test('a child is done when its retries are: the PM task waits for the last of them', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const flag = notesPath(world, 'tried');
  const id = await delegate(world, pmRuns(`kugetsu queue enqueue '${issue(2)}' 'fake: crash-once ${flag}'`));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', children: [{ outcome: 'succeeded' }] });
  expect(await tasks(world)).toMatchObject([
    { id, attempts: 1 },
    { parent: id, state: 'completed', attempts: 2 },
  ]);
});

test("a task that a child of a PM task delegates is the PM task's, too", async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const nested = quoted(`fake: sh kugetsu queue enqueue '${issue(3)}' hello`);
  const id = await delegate(world, pmRuns(`kugetsu start '${issue(2)}' ${nested}`));
  const item = await finishedTask(world, id);
  expect(item).toMatchObject({ state: 'completed' });
  expect(new Set(item.children.map(({ issue_ref: ref }) => ref))).toEqual(new Set([issue(2), issue(3)]));
});

test('a child that is about to be queued is waited for; one that never came is lost', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await delegate(world, pmRuns(`kugetsu start '${issue(2)}' ${quoted(waitsFor(world, 'go'))}`));
  await taskThat(world, id, ({ run }) => run?.verdict?.outcome === 'succeeded');
  const announce = async (madeAt: number): Promise<void> => {
    const childId = timeOrderedId('q_', madeAt, new Uint8Array(8));
    const child = { kind: 'item', id: childId, issue_ref: issue(3), outcome: null } as const;
    await editTask(world, id, ({ children }) => ({ children: [...children.slice(0, 1), child] }));
  };
  const outcome = async (): Promise<unknown> =>
    (await tasks(world)).find((item) => item.id === id)?.children[1]?.outcome;
  await announce(Date.now());
  expect(await outcome()).toBeNull();
  await announce(Date.now() - 120_000);
  // The daemon may have settled it while the list was read: then the next list says so.
  await until('it is lost', async () => (await outcome()) === 'lost');
  give(world, 'go');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'error', failure: { class: 'child_not_begun' } });
});

test('the daemon is killed while a PM task waits: the task is completed all the same', async () => {
  const world = await queueWorld();
  const daemon = await startDaemon(world);
  const id = await delegate(world, pmRuns(`kugetsu start '${issue(2)}' ${quoted(waitsFor(world, 'go'))}`));
  await taskThat(world, id, ({ run }) => run?.verdict?.outcome === 'succeeded');
  process.kill(daemon, 'SIGKILL');
  give(world, 'go');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', children: [{ outcome: 'succeeded' }] });
});

test('no more PM agents are alive at once than there are free slots', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '2' });
  await startDaemon(world);
  const log = notesPath(world, 'log');
  const work = `fake: sh echo + >> '${log}'; until [ -e '${notesPath(world, 'go')}' ]; do sleep 0.05; done; echo - >> '${log}'`;
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.push(await delegate(world, work));
  await until('two are at work', () => noted(world, 'log').length === 2);
  give(world, 'go');
  for (const id of ids) expect((await finishedTask(world, id)).state).toBe('completed');
  expect(mostAtOnce(noted(world, 'log'))).toBe(2);
});

function mostAtOnce(signs: readonly string[]): number {
  let now = 0;
  return Math.max(...signs.map((sign) => (now += sign === '+' ? 1 : -1)));
}

/** What a session was told; a fork of the PM agent's is deleted once its task is done. */
function promptOf(world: World, session: string, has = '# The task'): string {
  return saidIn(world, session).find((text) => text.includes(has)) ?? '';
}

test('the PM agent is told the message, how much to report, and what SKILL.md says', async () => {
  const world = await queueWorld({ KUGETSU_VERBOSITY: 'quiet' });
  await startDaemon(world);
  const id = await delegate(world, 'work on issue "14"\nand be quick');
  const { session_id: session } = await finishedTask(world, id);
  const prompt = promptOf(world, session ?? '');
  expect(prompt).toMatch(/# The task\n\nwork on issue "14"\nand be quick\n$/);
  expect(prompt).toContain('Report only when something went wrong');
  const [asked, instructions] = succeeded(await world.kugetsu('logs', id)).stdout.split('\n');
  expect(asked).toMatch(new RegExp(`^[\\d:]{8} pm ${id}: work on issue "14" and be quick$`));
  expect(instructions).toMatch(/^ {9}told: # You are the PM agent /);
  const skill = readFileSync(join(import.meta.dirname, '..', '..', 'SKILL.md'), 'utf8');
  const [before = '', after = ''] = skill.slice(skill.indexOf('\n# ')).split(/^\|.*`kugetsu delegate .*\n/m);
  expect(prompt).toContain(before.trim());
  // What is left out is how to delegate: its row, and the example that ends with its code block.
  expect(prompt).toContain(after.slice(0, after.indexOf('## Examples')).trim());
});

test('a PM task has a fork of the PM session of its own, and leaves the PM session as it was', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const first = await finishedTask(world, await delegate(world, 'one'));
  const second = await finishedTask(world, await delegate(world, 'two'));
  expect(first.session_id).not.toBe(second.session_id);
  const { stdout } = succeeded(await world.kugetsu('list', '--json'));
  const sessions = JSON.parse(stdout) as { readonly type: string; readonly session_id: string }[];
  const pmAgent = sessions.find(({ type }) => type === 'pm_agent')?.session_id ?? '';
  expect(pmAgent).not.toBe(first.session_id);
  expect(promptOf(world, pmAgent)).toBe('');
});

test('a PM task whose child a person stops says so, its followed log goes on to the child, and a retry goes on', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await delegate(world, pmRuns(`kugetsu start '${issue(2)}' ${quoted(waitsFor(world, 'go'))}`));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  const followed = world.kugetsu('logs', id, '-f');
  await taskThat(world, id, ({ run }) => run?.verdict?.outcome === 'succeeded');
  succeeded(await world.kugetsu('stop', issue(2)));
  expect((await finishedTask(world, id)).failure).toMatchObject({
    class: 'child_stopped',
    message: `what the PM agent started was stopped: ${issue(2)}`,
  });
  const { code, stdout, stderr } = await followed;
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`note: goes on with ${issue(2)} (run r_`),
  });
  expect(stdout).toMatch(new RegExp(` pm ${id}: [^]* start ${issue(2)}: `));
  succeeded(await world.kugetsu('queue', 'retry', id, '--message', 'hello'));
  const again = await taskThat(world, id, ({ state }) => state === 'completed');
  expect(again.children).toMatchObject([{ outcome: 'stopped', earlier: true }]);
  expect(promptOf(world, again.session_id ?? '', 'Look first at')).toContain(
    'child_stopped: what the PM agent started',
  );
});

test('a PM task whose child cannot begin any more says so, and its followed log waits for the child', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const first = succeeded(await world.kugetsu('queue', 'enqueue', issue(3), 'hello', '--at', '+1h')).stdout.trim();
  const id = await delegate(world, pmRuns(`kugetsu queue enqueue '${issue(2)}' hello --after ${first}`));
  const { children } = await taskThat(world, id, ({ run }) => run?.verdict?.outcome === 'succeeded');
  const followed = world.kugetsu('logs', id, '-f');
  succeeded(await world.kugetsu('queue', 'cancel', first));
  expect((await finishedTask(world, id)).failure).toMatchObject({
    class: 'child_not_begun',
    message: `what the PM agent started could not begin, and cannot any more: ${issue(2)}`,
  });
  expect(task(world, children[0]?.id ?? '').failure?.class).toBe('dependency_failed');
  expect(await followed).toMatchObject({ code: 1 });
});

test('the followed log of a PM task shows each attempt of what it has enqueued, and ends with its success', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const flag = notesPath(world, 'tried');
  const id = await delegate(world, pmRuns(`kugetsu queue enqueue '${issue(2)}' 'fake: crash-once ${flag}'`));
  await taskThat(world, id, ({ run }) => run !== null);
  const { code, stdout, stderr } = await world.kugetsu('logs', id, '-f', '--json');
  expect({ code, state: task(world, id).state }).toEqual({ code: 0, state: 'completed' });
  const begun = stdout.split('\n').filter((line) => line.includes('"event":"started"'));
  expect(begun.length).toBe(1 + (stderr.match(/note: goes on with /g) ?? []).length);
  expect(begun.length).toBeGreaterThan(1);
});
