import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, issue, REF, succeeded } from '../support/fake-world.ts';
import {
  daemonLog,
  delegate,
  editTask,
  enqueue,
  finishedTask,
  give,
  noted,
  notes,
  queueWorld,
  startDaemon,
  task,
  taskThat,
  tasks,
  waitsFor,
} from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

async function add(world: World, ref: string, ...options: readonly string[]): Promise<string> {
  return succeeded(await world.kugetsu('queue', 'enqueue', ref, 'hello', ...options)).stdout.trim();
}

const pending = async (world: World): Promise<string[]> =>
  (await tasks(world, '--state', 'pending')).map(({ id }) => id);

interface Told {
  readonly id: string;
  readonly reasons: readonly { readonly code: string; readonly text: string; readonly command: string }[];
}

async function codes(world: World, what: string): Promise<string[]> {
  const { stdout } = succeeded(await world.kugetsu('queue', 'explain', what, '--json'));
  return (JSON.parse(stdout) as Told[]).flatMap(({ reasons }) => reasons.map(({ code }) => code));
}

test('a paused queue hands nothing out, says so everywhere, and goes on where it was, over a restart', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const { stderr } = succeeded(await world.kugetsu('queue', 'pause', '--reason', 'the server is upgraded', '--wait'));
  expect(stderr).toMatch(/^the queue is paused since \d\d:\d\d:\d\d: the server is upgraded\n$/);
  const added = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'hello'));
  expect(added.stderr).toMatch(
    /queued, but the queue is paused since .*: the server is upgraded\n {2}run: kugetsu queue resume/,
  );
  const id = added.stdout.trim();
  succeeded(await world.kugetsu('queue-daemon', 'restart'));
  await until('the daemon has looked', () => daemonLog(world).includes('waiting: 1 for the queue to be resumed'));
  for (const line of [['status'], ['queue', 'list']]) {
    expect((await world.kugetsu(...line)).stderr).toContain('the queue is paused since');
  }
  expect(succeeded(await world.kugetsu('queue', 'list')).stdout).toContain('\tpaused since');
  expect(await codes(world, id)).toEqual(['paused']);
  expect(task(world, id).state).toBe('pending');
  succeeded(await world.kugetsu('queue', 'resume'));
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
  await until('the log says so', () => daemonLog(world).includes(`${id} completed in 1 attempt`));
});

test('a pause ends by itself at its time, and one that cannot be read holds everything until it is ended', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  succeeded(await world.kugetsu('queue', 'pause', '--until', '+2s'));
  const id = await enqueue(world, 'hello');
  expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
  writeFileSync(join(world.home, 'queue', 'paused.json'), '{"since":');
  const held = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'hello'));
  expect(held.stderr).toMatch(/queued, but nothing is handed out: .*paused\.json.*\n {2}run: kugetsu queue resume/);
  succeeded(await world.kugetsu('queue', 'list'));
  expect(await codes(world, held.stdout.trim())).toEqual(['not_ready']);
  succeeded(await world.kugetsu('queue', 'resume'));
  expect(await finishedTask(world, held.stdout.trim())).toMatchObject({ state: 'completed' });
  for (const bad of ['yesterday', '2001-01-01', '+']) {
    expect((await world.kugetsu('queue', 'pause', '--until', bad)).code).toBe(2);
  }
});

test('turns: a higher priority first, then as they were made or moved; the list shows that order', async () => {
  const world = fakeWorld();
  const [a, b] = [await add(world, issue(1)), await add(world, issue(2))];
  const [c, d] = [await add(world, issue(3), '--priority', '5'), await add(world, issue(4), '--priority', '-1')];
  expect(await pending(world)).toEqual([c, a, b, d]);
  succeeded(await world.kugetsu('queue', 'move', d, '--first'));
  succeeded(await world.kugetsu('queue', 'move', c, '--before', b));
  expect(await pending(world)).toEqual([d, a, c, b]);
  succeeded(await world.kugetsu('queue', 'move', d, '--last'));
  expect(await pending(world)).toEqual([a, c, b, d]);
  for (const line of [[a], [a, '--first', '--last'], [a, '--before', a], ['x', '--first']]) {
    expect((await world.kugetsu('queue', 'move', ...line)).code).toBe(2);
  }
  succeeded(await world.kugetsu('queue', 'cancel', b));
  expect((await world.kugetsu('queue', 'move', a, '--before', b)).stderr).toContain('has ended already');
  expect((await world.kugetsu('queue', 'enqueue', REF, 'x', '--priority', 'high')).code).toBe(2);
});

test('an agent gets the task with the higher priority first, and the children of a PM task inherit its own', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  const low = await enqueue(world, notes(world, 'order', 'low'), issue(1));
  const message = notes(world, 'order', 'high');
  const high = succeeded(await world.kugetsu('queue', 'enqueue', issue(2), message, '--priority', '2')).stdout.trim();
  await startDaemon(world);
  for (const id of [low, high]) await finishedTask(world, id);
  expect(noted(world, 'order')).toEqual(['high', 'low']);
  const pm = `fake: sh kugetsu queue enqueue '${issue(3)}' hello`;
  const id = succeeded(await world.kugetsu('delegate', pm, '--priority', '7')).stdout.trim();
  const child = (await finishedTask(world, id)).children[0]?.id ?? '';
  expect(task(world, child).priority).toBe(7);
});

test('a task comes after others, survives their clearing, and fails when one fails, unless it is to come anyway', async () => {
  const world = await queueWorld();
  const first = await enqueue(world, 'hello');
  const second = await add(world, issue(2), '--after', first);
  const broken = await enqueue(world, 'fake: error-status 401', issue(3));
  const fails = await add(world, issue(4), '--after', first, '--after', broken);
  const comes = await add(world, issue(5), '--after', broken, '--after-any');
  expect(await codes(world, second)).toEqual(['no_daemon', 'after']);
  succeeded(await world.kugetsu('queue', 'pause'));
  await startDaemon(world);
  await editTask(world, first, { state: 'completed', finished_at: new Date().toISOString() });
  succeeded(await world.kugetsu('queue', 'clear', '--all-finished'));
  expect(task(world, second)).toMatchObject({ after: [{ id: first, outcome: 'succeeded' }] });
  succeeded(await world.kugetsu('queue', 'resume'));
  for (const [id, state] of [
    [second, 'completed'],
    [fails, 'error'],
    [comes, 'completed'],
  ] as const) {
    expect(await finishedTask(world, id)).toMatchObject({ state });
  }
  expect(task(world, fails).failure).toMatchObject({
    class: 'dependency_failed',
    message: `it was to come after ${broken}, which ended in error`,
  });
  const late = await world.kugetsu('queue', 'enqueue', REF, 'x', '--after', broken);
  expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('has ended in error already') });
  for (const bad of ['q_0mwrzy3vsoanbch2t', 'x']) {
    expect((await world.kugetsu('queue', 'enqueue', REF, 'x', '--after', bad)).code).toBeGreaterThan(0);
  }
});

test('what a waiting task waits for is changed afterwards: its time, its priority, and the tasks before it', async () => {
  const world = await queueWorld();
  const [a, b] = [await add(world, issue(1), '--at', '+1h'), await add(world, issue(2))];
  const edit = async (...line: readonly string[]): Promise<void> => {
    expect(succeeded(await world.kugetsu('queue', 'edit', ...line)).stderr).toContain('has the new conditions');
  };
  await edit(b, '--after', a, '--priority', '3', '--at', '+2h');
  expect(task(world, b)).toMatchObject({ priority: 3, after: [{ id: a, outcome: null }], message: 'hello' });
  expect(await codes(world, b)).toEqual(['no_daemon', 'not_before', 'after']);
  expect(await pending(world)).toEqual([b, a]);
  await edit(b, '--after-any');
  await edit(b, '--at', 'now', '--priority', '0');
  expect(task(world, b)).toMatchObject({ priority: 0, after: [{ id: a }], after_any: true });
  expect(task(world, b)).not.toHaveProperty('not_before');
  // Neither may come to wait for the other.
  const circle = await world.kugetsu('queue', 'edit', a, '--after', b);
  expect(circle).toMatchObject({ code: 2, stderr: expect.stringContaining(`${b} waits for ${a}: each would wait`) });
  for (const line of [
    ['--after', a],
    ['--after', 'none', '--after', b],
    ['--after', 'none', '--after-any'],
    ['--at', 'yesterday'],
    ['--priority', 'high'],
  ]) {
    expect((await world.kugetsu('queue', 'edit', a, ...line)).code, line.join(' ')).toBe(2);
  }
  await edit(b, '--after', 'none');
  await startDaemon(world);
  expect(await finishedTask(world, b)).toMatchObject({ state: 'completed', after: [] });
  succeeded(await world.kugetsu('queue', 'edit', a, '--at', 'now', '--message', 'at once'));
  expect(await finishedTask(world, a)).toMatchObject({ state: 'completed', message: 'at once' });
  expect((await world.kugetsu('queue', 'edit', a, '--at', '+1h')).stderr).toContain('has ended already');
});

test('two edits at once cannot make a circle', async () => {
  const world = fakeWorld();
  const [a, b] = [await add(world, issue(1)), await add(world, issue(2))];
  const codesOf = await Promise.all([
    world.kugetsu('queue', 'edit', a, '--after', b),
    world.kugetsu('queue', 'edit', b, '--after', a),
  ]);
  expect(codesOf.map(({ code }) => code).toSorted((one, other) => one - other)).toEqual([0, 2]);
});

test('two moves, and a pause and a resume, at once: each is done whole, one after the other', async () => {
  const world = fakeWorld();
  const [a, b, c] = [await add(world, issue(1)), await add(world, issue(2)), await add(world, issue(3))];
  const moves = [
    ['move', b, '--first'],
    ['move', c, '--first'],
    ['pause', '--reason', 'for now'],
    ['resume'],
    ['edit', a, '--priority', '2'],
    ['edit', a, '--message', 'another'],
  ];
  for (const each of await Promise.all(moves.map(async (line) => world.kugetsu('queue', ...line)))) succeeded(each);
  expect(task(world, a)).toMatchObject({ priority: 2, message: 'another' });
  // Whoever went first when the priority was changed already has that one, too.
  expect((await pending(world)).toSorted()).toEqual([a, b, c].toSorted());
  succeeded(await world.kugetsu('queue', 'resume'));
  expect((await world.kugetsu('queue', 'list')).stderr).not.toContain('paused');
});

test('a circle is refused: what a PM agent starts cannot come after what waits for the PM task', async () => {
  const world = await queueWorld();
  const pm = await delegate(world, 'hello');
  const behind = await add(world, issue(2), '--after', pm);
  const agent = world.withEnv({ KUGETSU_RUN_ID: 'r_0123456789abc', KUGETSU_TASK_ID: pm, KUGETSU_ORIGIN_TASK: pm });
  for (const id of [pm, behind]) {
    const { code, stderr } = await agent.kugetsu('queue', 'enqueue', issue(3), 'x', '--after', id);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('would wait for itself') });
  }
  expect(task(world, pm).children).toEqual([]);
});

test('a task waits for its time, and begins then', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const later = await add(world, REF, '--at', '+1h');
  const soon = await add(world, REF, '--at', '+2s');
  expect(await finishedTask(world, soon)).toMatchObject({ state: 'completed' });
  expect(task(world, later).state).toBe('pending');
  expect(await codes(world, later)).toEqual(['not_before']);
  for (const bad of ['soon', '25:00', '2001-01-01T00:00']) {
    expect((await world.kugetsu('delegate', 'x', '--at', bad)).code).toBe(2);
  }
});

test('a second task of an issue is told to be behind the first; --once adds none, also when two ask at once', async () => {
  const world = fakeWorld();
  const first = await add(world, REF);
  const { stderr } = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'more'));
  expect(stderr).toContain(`note: behind ${first}, which waits for the same issue`);
  const once = await Promise.all(
    [1, 2, 3].map(async () => world.kugetsu('queue', 'enqueue', issue(2), 'nightly', '--once')),
  );
  expect(new Set(once.map(({ stdout }) => stdout.trim())).size).toBe(1);
  expect(await pending(world)).toHaveLength(3);
  const other = succeeded(await world.kugetsu('queue', 'enqueue', issue(2), 'another', '--once'));
  expect(other.stderr).toContain('nothing was added; its own message stays');
});

test('each repository has its own limit, for the queue and for start; explain and the list say what is full', async () => {
  const world = await queueWorld({ MAX_AGENTS_PER_REPO: '1' });
  await startDaemon(world);
  const first = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  const [same, other] = [await enqueue(world, 'hello'), await enqueue(world, 'hello', issue(2))];
  expect(await codes(world, same)).toEqual(['issue_busy', 'repository_full']);
  expect(await codes(world, issue(2))).toEqual(['repository_full']);
  const { code, stderr } = await world.kugetsu('start', issue(3), 'hello');
  expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining('MAX_AGENTS_PER_REPO is 1') });
  expect(succeeded(await world.kugetsu('queue', 'list')).stdout).toMatch(/waits for its issue: run r_\S+ since /);
  await until('the log says so', () => daemonLog(world).includes('for room in their repository'));
  give(world, 'go');
  for (const id of [first, same, other]) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed' });
});

test('MAX_PM_AGENTS lets PM agents work although no slot is free', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1', MAX_PM_AGENTS: '1' });
  await startDaemon(world);
  const dev = await enqueue(world, waitsFor(world, 'go'));
  await until('the agent works', () => noted(world, 'go-begun').length === 1);
  const held = await enqueue(world, 'hello', issue(2));
  expect(await codes(world, held)).toEqual(['no_slot']);
  const { stdout } = succeeded(await world.kugetsu('queue', 'explain', held));
  expect(stdout).toContain(`waits for a slot: 1 of 1 taken by ${REF}`);
  expect(stdout).toContain('run: kugetsu config set MAX_CONCURRENT_AGENTS 2');
  expect(await finishedTask(world, await delegate(world, 'hello'))).toMatchObject({ state: 'completed' });
  give(world, 'go');
  await finishedTask(world, dev);
});

test('explain says what is so of a task in any state, and of an issue', async () => {
  const world = await queueWorld({ QUEUE_RETRY_BASE_SECONDS: '3600' });
  await startDaemon(world);
  const failing = await enqueue(world, 'fake: error-status 500');
  await taskThat(world, failing, ({ attempts, state }) => attempts === 1 && state === 'pending');
  const behind = await enqueue(world, 'hello');
  expect(await codes(world, failing)).toEqual(['next_attempt']);
  expect(await codes(world, behind)).toEqual(['behind']);
  expect((await world.kugetsu('queue', 'explain', failing)).stdout).toMatch(/attempt 2 at \S+ \(model_unavailable\)/);
  const done = await enqueue(world, 'hello', issue(2));
  await finishedTask(world, done);
  expect(succeeded(await world.kugetsu('queue', 'explain', done)).stdout).toContain('completed');
  expect(succeeded(await world.kugetsu('queue', 'explain', issue(7))).stdout).toContain('no open task is for');
  expect(await world.kugetsu('queue', 'explain', 'q_0mwrzy3vsoanbch2t')).toMatchObject({ code: 1, stdout: '' });
});

test('the list has what is open and the last 50 that ended, or what is asked for', async () => {
  const world = fakeWorld();
  const id = await enqueue(world, 'open');
  const old = task(world, id);
  for (let index = 0; index < 53; index += 1) {
    const name = `q_0kwrzy3v${String(index).padStart(8, '0')}a`;
    const end = new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString();
    const made = { ...old, id: name, created_at: end, finished_at: end, state: 'completed', issue_ref: issue(2) };
    writeFileSync(join(world.home, 'queue', 'items', `${name}.json`), JSON.stringify(made));
  }
  const { stdout, stderr } = succeeded(await world.kugetsu('queue', 'list', '--json'));
  expect(JSON.parse(stdout)).toHaveLength(51);
  expect(stderr).toContain('3 older finished tasks left out; --all shows them');
  expect(await tasks(world, '--all')).toHaveLength(54);
  expect((await tasks(world, '--limit', '2')).map(({ id: each }) => each)).toEqual([
    'q_0kwrzy3v00000051a',
    'q_0kwrzy3v00000052a',
    id,
  ]);
  expect(await tasks(world, '--ref', REF)).toHaveLength(1);
  expect(await tasks(world, '--state', 'completed', '--all')).toHaveLength(53);
  expect(await tasks(world, '--since', '1h')).toHaveLength(1);
  expect(await tasks(world, '--since', '2026-01-01T00:50:00Z', '--all')).toHaveLength(4);
  for (const bad of [
    ['--limit', '0'],
    ['--since', 'x'],
    ['--state', 'x'],
    ['--ref', '#'],
  ]) {
    expect((await world.kugetsu('queue', 'list', ...bad)).code).toBe(2);
  }
});

test('stats have waits, run times and ends by class', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  await finishedTask(world, await enqueue(world, 'hello'));
  const id = await add(world, issue(2), '--at', '+1h');
  succeeded(await world.kugetsu('queue', 'cancel', id));
  const stats: unknown = JSON.parse(succeeded(await world.kugetsu('queue', 'stats', '--json')).stdout);
  expect(stats).toMatchObject({
    total: 2,
    completed: 1,
    error: 1,
    wait: { count: 1, median_ms: expect.any(Number) },
    run: { count: 1, p90_ms: expect.any(Number) },
    outcomes: { ok: 1, cancelled: 1 },
  });
  expect(succeeded(await world.kugetsu('queue', 'stats')).stdout).toMatch(/ended cancelled\t1/);
});

test('a task that is queued while opencode is gone is queued, and that is said', async () => {
  const world = await queueWorld();
  const without = world.withEnv({ KUGETSU_OPENCODE: '/nowhere/opencode' });
  const { stderr, stdout } = succeeded(await without.kugetsu('delegate', 'hello'));
  expect(stderr).toContain('queued, but opencode cannot be used: KUGETSU_OPENCODE names /nowhere/opencode');
  expect(task(world, stdout.trim()).state).toBe('pending');
  expect(succeeded(await world.kugetsu('delegate', 'hello')).stderr).not.toContain('opencode');
});
