import { expect, test } from 'vitest';
import { issue, listedIssue, REF, succeeded } from '../support/fake-world.ts';
import {
  DEAD,
  delegate,
  editTask,
  enqueue,
  finishedTask,
  give,
  noted,
  notesPath,
  queueWorld,
  startDaemon,
  task,
  taskThat,
  waitsFor,
} from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const CANCELLED = { state: 'error', failure: { class: 'cancelled', message: 'a person cancelled it' } };

/** The same world as the tool of an agent sees it that works for this task. */
const inRunFor = (world: World, id: string): World =>
  world.withEnv({ KUGETSU_RUN_ID: 'r_0123456789abc', KUGETSU_AGENT: 'dev-agent', KUGETSU_ORIGIN_TASK: id });

test('a waiting task is cancelled without a daemon, and is told of; one that has ended is not', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'not this');
  const { stderr } = succeeded(await world.kugetsu('queue', 'cancel', id));
  expect(stderr).toContain(`cancelled ${id}`);
  expect(task(world, id)).toMatchObject({ ...CANCELLED, attempts: 0 });
  expect(succeeded(await world.kugetsu('notify', 'list')).stdout).toContain('cancelled: a person cancelled it');
  const again = await world.kugetsu('queue', 'cancel', id);
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toBe(
    `kugetsu: ${id} has ended already (error: cancelled)\n  to do it again, run: kugetsu queue retry ${id}\n`,
  );
});

test('several are cancelled in one call; what cannot be is told, and holds up no other', async () => {
  const world = await queueWorld();
  const [a, b, c] = [await enqueue(world, 'a'), await enqueue(world, 'b'), await enqueue(world, 'c', issue(2))];
  const { code, stderr, stdout } = await world.kugetsu('queue', 'cancel', a, 'q_0mwrzy3vsoanbch2t', b, '--json');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('there is no task q_0mwrzy3vsoanbch2t'),
  });
  expect((JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)).toEqual([a, b]);
  succeeded(await world.kugetsu('queue', 'cancel', '--all-pending'));
  expect(task(world, c)).toMatchObject(CANCELLED);
  for (const line of [[], [c, '--all-pending'], ['no-task']]) {
    expect((await world.kugetsu('queue', 'cancel', ...line)).code).toBe(2);
  }
});

test('an agent that has the task is stopped only with consent, and the task is not tried again', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  const asked = await world.kugetsu('queue', 'cancel', id);
  expect({ code: asked.code, stderr: asked.stderr }).toEqual({ code: 2, stderr: expect.stringContaining('pass -y') });
  expect(task(world, id).state).toBe('notified');
  const { stderr } = succeeded(await world.kugetsu('queue', 'cancel', id, '-y'));
  expect(stderr).toContain(`${id}: waiting for its agent to end (run r_`);
  expect(task(world, id)).toMatchObject({ ...CANCELLED, attempts: 1 });
  expect((await listedIssue(world)).run?.verdict).toMatchObject({ outcome: 'stopped' });
});

test('a PM task ends with its agent and with what that has started', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const start = `kugetsu start '${issue(2)}' ${quoted(waitsFor(world, 'go'))}`;
  const later = `kugetsu queue enqueue '${issue(2)}' later`;
  const id = await delegate(world, `fake: sh ${start} && ${later}`);
  const waiting = await taskThat(world, id, ({ run }) => run?.verdict?.outcome === 'succeeded');
  const { stderr } = succeeded(await world.kugetsu('queue', 'cancel', id, '-y'));
  expect(stderr).toContain(`${id}: waiting for what it has started to end: ${issue(2)}, ${issue(2)}\n`);
  expect(task(world, id)).toMatchObject({ ...CANCELLED, children: [{ outcome: 'stopped' }, { outcome: 'stopped' }] });
  expect((await listedIssue(world, issue(2))).run?.verdict).toMatchObject({ outcome: 'stopped' });
  const child = waiting.children[1]?.id ?? '';
  expect(task(world, child)).toMatchObject({ state: 'error', failure: { class: 'cancelled' } });
});

test('stop --children ends what a PM task has started, also when its agent is done; without, that goes on', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const start = `kugetsu start '${issue(2)}' ${quoted(waitsFor(world, 'go'))}`;
  const works = `touch '${notesPath(world, 'pm-begun')}'; sleep 600`;
  const id = await delegate(world, `fake: sh ${start} && ${works}`);
  await until('the PM agent has started it', () => noted(world, 'go-begun').length === 1);
  const { stderr } = succeeded(await world.kugetsu('stop', id));
  expect(stderr).toContain(`what it has started goes on: ${issue(2)}\n  run: kugetsu stop ${id} --children`);
  expect((await listedIssue(world, issue(2))).run?.verdict).toBeNull();
  succeeded(await world.kugetsu('stop', id, '--children'));
  expect((await listedIssue(world, issue(2))).run?.verdict).toMatchObject({ outcome: 'stopped' });
});

test('a claim whose process died is no obstacle, with no daemon there', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'claimed');
  await editTask(world, id, { state: 'notified', attempts: 1, run_id: 'r_0mwrzy3vsoanbch2t', claimed_by: DEAD });
  succeeded(await world.kugetsu('queue', 'cancel', id, '-y'));
  expect(task(world, id)).toMatchObject(CANCELLED);
});

test('an agent cancels, retries and edits what it has queued, and nothing else', async () => {
  const world = await queueWorld();
  const [own, other] = [await enqueue(world, 'own'), await enqueue(world, 'other')];
  await editTask(world, own, { state: 'notified', attempts: 1, run_id: 'r_0123456789abc' });
  const made = await enqueue(inRunFor(world, own), 'made by the agent');
  const agent = inRunFor(world, own);
  for (const line of [
    ['queue', 'cancel', other],
    ['queue', 'cancel', own, '-y'],
    ['queue', 'retry', other],
    ['queue', 'edit', other, '--message', 'x'],
    ['queue', 'cancel', '--all-pending'],
    ['queue', 'retry', '--all-failed'],
    ['queue', 'move', made, '--first'],
    ['queue', 'pause'],
    ['queue', 'resume'],
    ['delegate', 'more', '--priority', '1'],
  ]) {
    const { code, stderr } = await agent.kugetsu(...line);
    expect({ line, code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('agents may not run') });
  }
  succeeded(await agent.kugetsu('queue', 'edit', made, '--message', 'better'));
  expect(task(world, made).message).toBe('better');
  succeeded(await agent.kugetsu('queue', 'cancel', made));
  expect(task(world, made).failure?.message).toBe('an agent cancelled it');
  succeeded(await agent.kugetsu('queue', 'retry', made));
  expect([task(world, made).state, task(world, other).state]).toEqual(['pending', 'pending']);
});

test('two at once on one task: it ends once, and whoever came too late is told', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'mine');
  const [cancel, edit, move, again] = await Promise.all([
    world.kugetsu('queue', 'cancel', id),
    world.kugetsu('queue', 'edit', id, '--message', 'another'),
    world.kugetsu('queue', 'move', id, '--first'),
    world.kugetsu('queue', 'cancel', id),
  ]);
  expect(task(world, id)).toMatchObject(CANCELLED);
  expect([cancel.code, again.code]).toContain(0);
  if (edit.code === 0) expect(task(world, id).message).toBe('another');
  else expect(edit.stderr).toContain('has ended already');
  if (move.code !== 0) expect(move.stderr).toContain('has ended already');
  const told = succeeded(await world.kugetsu('notify', 'list')).stdout.match(/task_error/g) ?? [];
  expect(told).toHaveLength(1);
});

test('a cancel and a daemon at once: the task has ended either way, and no agent is left', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await enqueue(world, waitsFor(world, 'go'));
  succeeded(await world.kugetsu('queue', 'cancel', id, '-y'));
  expect(task(world, id)).toMatchObject(CANCELLED);
  give(world, 'go');
  await finishedTask(world, await enqueue(world, 'hello', REF));
});
