// Slow: each state in which an agent is at work has an agent, for each way in which the verbs are played.
import { spawn, type ChildProcess } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { identityOf } from '../../src/adapters/process/process-identity.ts';
import { replaceFile } from '../../src/adapters/store/private-files.ts';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { fakeWorld, issue, succeeded } from '../support/fake-world.ts';
import {
  delegate,
  editTask,
  enqueue,
  finishedTask,
  give,
  noted,
  queueWorld,
  startDaemon,
  task,
  taskPath,
  tasks,
  taskThat,
  waitsFor,
} from '../support/queue-world.ts';
import { killed, until, type World } from '../support/world.ts';

/** The states of a task; one that is notified may be claimed, have an agent at work, or wait for what that has started. */
const STATES = ['pending', 'claimed', 'working', 'waiting', 'completed', 'error'] as const;
type State = (typeof STATES)[number];

interface Verb {
  readonly line: (id: string) => readonly string[];
  /** What the task is to have when it was done. */
  readonly makes: Partial<QueueItem>;
}

/** What can be asked for a task, in this order: what was refused leaves it as it was, so each finds the state that it is for. */
const VERBS: Readonly<Record<string, Verb>> = {
  explain: { line: (id) => ['queue', 'explain', id], makes: {} },
  priority: { line: (id) => ['queue', 'edit', id, '--priority', '7'], makes: { priority: 7 } },
  move: { line: (id) => ['queue', 'move', id, '--first'], makes: { place: expect.any(String) } },
  edit: { line: (id) => ['queue', 'edit', id, '--message', 'edited'], makes: { message: 'edited' } },
  'cancel without -y': { line: (id) => ['queue', 'cancel', id], makes: {} },
  cancel: {
    line: (id) => ['queue', 'cancel', id, '-y'],
    makes: { failure: expect.objectContaining({ class: 'cancelled' }) },
  },
  retry: { line: (id) => ['queue', 'retry', id], makes: { retried_at: expect.any(String) } },
};

/** The exit codes in the order of {@link STATES}; `-` where the verb is not played, as it would change what the next is to find. */
const BY_A_PERSON: Readonly<Record<string, string>> = {
  explain: '000000',
  priority: '044411',
  move: '044411',
  edit: '044411',
  'cancel without -y': '-22211',
  cancel: '000011',
  // What was cancelled before can be retried; it is played for what has ended of itself.
  retry: '----00',
};

/** The same in the run of a PM agent, of tasks that it has made: no turn is changed, and no priority above that of its own task. */
const BY_ITS_AGENT: Readonly<Record<string, string>> = {
  ...BY_A_PERSON,
  priority: '144411',
  move: '111111',
};

/** And of tasks that it has not made, its own among them: that is refused before anybody looks at the state. */
const BY_ANOTHER_AGENT: Readonly<Record<string, string>> = {
  explain: '0 0 0 ',
  priority: '1 1 1 ',
  move: '1 1 1 ',
  edit: '1 1 1 ',
  // Nobody can be asked, whoever may.
  'cancel without -y': '1 2 1 ',
  cancel: '1 1 1 ',
  retry: '1 1 1 ',
};

const ROOM = { MAX_CONCURRENT_AGENTS: '12', MAX_PM_AGENTS: '12', BREAKER_FAILURES: '0' };

type Ids = Readonly<Record<State, string>>;

/** A task that waits for its time. */
async function later(asker: World, ref: string): Promise<string> {
  return succeeded(await asker.kugetsu('queue', 'enqueue', ref, 'hello', '--at', '+1h')).stdout.trim();
}

/** A task in each state. @param asker who makes them: a person, or an agent for its own task */
async function inEachState(world: World, asker: World): Promise<Ids> {
  const [pending, claimed, working, waiting, completed, error] = await Promise.all([
    later(asker, issue(10)),
    later(asker, issue(11)),
    enqueue(asker, waitsFor(world, 'go'), issue(12)),
    delegate(asker, `fake: sh kugetsu queue enqueue '${issue(13)}' later --at +1h`),
    enqueue(asker, 'hello', issue(14)),
    enqueue(asker, 'fake: error-status 401', issue(15)),
  ]);
  await editTask(world, claimed, {
    state: 'notified',
    attempts: 1,
    run_id: `r_${claimed.slice(2)}`,
    claimed_by: claimer(),
  });
  await Promise.all([
    until('the agent works', () => noted(world, 'go-begun').length === 1),
    taskThat(world, waiting, ({ run }) => run?.verdict?.outcome === 'succeeded'),
    finishedTask(world, completed),
    finishedTask(world, error),
  ]);
  return { pending, claimed, working, waiting, completed, error };
}

const claimers: ChildProcess[] = [];

/** A process that has claimed a task, and never goes on. */
function claimer(): QueueItem['claimed_by'] {
  const process = spawn('sleep', ['600'], { stdio: 'ignore' });
  claimers.push(process);
  onTestFinished(() => void process.kill('SIGKILL'));
  return identityOf(process.pid ?? 0) ?? null;
}

/** Asks for everything. @returns the exit codes, as the tables above have them */
async function ask(
  asker: World,
  ids: Partial<Ids>,
  table: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const columns = await Promise.all(
    STATES.map(async (state, column) => {
      const id = ids[state];
      const codes: string[] = [];
      for (const [name, verb] of Object.entries(VERBS)) {
        const isPlayed = id !== undefined && table[name]?.[column] !== '-';
        codes.push(isPlayed ? await askOne(asker, id, { name, verb, state }) : id === undefined ? ' ' : '-');
      }
      return codes;
    }),
  );
  return Object.fromEntries(Object.keys(VERBS).map((name, row) => [name, columns.map((codes) => codes[row]).join('')]));
}

async function askOne(
  asker: World,
  id: string,
  { name, verb, state }: { readonly name: string; readonly verb: Verb; readonly state: State },
): Promise<string> {
  const before = task(asker, id);
  const asked = asker.kugetsu(...verb.line(id));
  // Whoever cancels it waits for the process that has claimed it.
  if (name === 'cancel' && state === 'claimed') await endClaim(asker, id, asked);
  const { code, stderr } = await asked;
  const what = `${name} of a task that is ${state}: ${stderr}`;
  if (code === 0) expect(task(asker, id), what).toMatchObject(verb.makes);
  else expect(task(asker, id), what).toEqual(before);
  // An error is one line, and one that says what to do.
  if (code !== 0) expect(stderr, what).toMatch(/^kugetsu: .+\n {2}.+\n$/);
  return String(code);
}

/** The claim of a task that is cancelled dies. */
async function endClaim(world: World, id: string, asked: Promise<unknown>): Promise<void> {
  const { claimed_by: claim } = task(world, id);
  await Promise.race([asked, until('it is to end', () => task(world, id).cancelled != null)]);
  claimers.find(({ pid }) => pid === claim?.pid)?.kill('SIGKILL');
}

/** Everything that was cancelled says so, with what it had started; what was retried has been done again. */
async function endsWell(world: World, ids: Ids): Promise<void> {
  for (const state of ['pending', 'claimed', 'working', 'waiting'] as const) {
    expect(task(world, ids[state]), state).toMatchObject({ state: 'error', failure: { class: 'cancelled' } });
  }
  for (const { id } of task(world, ids.waiting).children) expect(task(world, id).failure?.class).toBe('cancelled');
  expect(await finishedTask(world, ids.completed)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(await finishedTask(world, ids.error)).toMatchObject({
    state: 'error',
    attempts: 1,
    failure: { class: 'no_credentials' },
  });
}

test.each(['up', 'down'])('a person asks for each verb in each state, with the daemon %s', async (daemon) => {
  const world = await queueWorld(ROOM);
  await startDaemon(world);
  const ids = await inEachState(world, world);
  // The others can be cancelled before one of them is moved, and a task without another one has no place to take.
  const kept = await later(world, issue(16));
  if (daemon === 'down') succeeded(await world.kugetsu('queue-daemon', 'stop'));
  const before = await tasks(world, '--all');
  succeeded(await world.kugetsu('queue', 'pause'));
  succeeded(await world.kugetsu('queue', 'resume'));
  expect((await tasks(world, '--all')).map(({ id, state }) => [id, state])).toEqual(
    before.map(({ id, state }) => [id, state]),
  );
  expect(await ask(world, ids, BY_A_PERSON)).toEqual(BY_A_PERSON);
  if (daemon === 'down') await startDaemon(world);
  await endsWell(world, ids);
  const last = await enqueue(world, 'hello', issue(1));
  await finishedTask(world, last);
  succeeded(await world.kugetsu('queue', 'clear', '--all-finished'));
  expect((await tasks(world, '--all')).map(({ id }) => id)).toEqual([kept]);
});

test('a PM agent asks for each verb in each state, of what it has made and of what it has not', async () => {
  const world = await queueWorld(ROOM);
  await startDaemon(world);
  const pm = await delegate(world, waitsFor(world, 'pm'));
  await until('the PM agent works', () => noted(world, 'pm-begun').length === 1);
  const agent = world.withEnv({
    KUGETSU_RUN_ID: task(world, pm).run_id ?? '',
    KUGETSU_AGENT: 'pm-agent',
    KUGETSU_TASK_ID: pm,
    KUGETSU_ORIGIN_TASK: pm,
  });
  const own = await inEachState(world, agent);
  const completed = await enqueue(world, 'hello', issue(1));
  await finishedTask(world, completed);
  const others = { pending: await later(world, issue(1)), working: pm, completed };
  expect(await ask(agent, others, BY_ANOTHER_AGENT)).toEqual(BY_ANOTHER_AGENT);
  for (const line of [['pause'], ['resume'], ['clear'], ['cancel', '--all-pending', '-y'], ['retry', '--all-failed']]) {
    const { code, stderr } = await agent.kugetsu('queue', ...line);
    expect({ line, code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('agents may not run') });
  }
  expect(await ask(agent, own, BY_ITS_AGENT)).toEqual(BY_ITS_AGENT);
  await endsWell(world, own);
  give(world, 'pm');
  // What it has cancelled is no failure; what ended in error is one.
  expect(await finishedTask(world, pm)).toMatchObject({ state: 'error', failure: { class: 'child_failed' } });
});

test('the daemon is killed while everything is asked for: the next one finds all of it', async () => {
  const world = await queueWorld(ROOM);
  const pid = await startDaemon(world);
  const ids = await inEachState(world, world);
  const other = await later(world, issue(2));
  const claimed = world.kugetsu('queue', 'cancel', ids.claimed, '-y');
  const asked = [
    claimed,
    world.kugetsu('queue', 'edit', other, '--message', 'edited', '--at', 'now'),
    ...[ids.pending, ids.working, ids.waiting].map(async (id) => world.kugetsu('queue', 'cancel', id, '-y')),
    ...[ids.completed, ids.error].map(async (id) => world.kugetsu('queue', 'retry', id)),
  ];
  await until('one is done', () =>
    [ids.pending, ids.completed].some(
      (id) => task(world, id).retried_at !== undefined || task(world, id).state === 'error',
    ),
  );
  await killed(pid);
  await endClaim(world, ids.claimed, claimed);
  expect((await Promise.all(asked)).map(({ code }) => code)).toEqual(asked.map(() => 0));
  await startDaemon(world);
  await endsWell(world, ids);
  expect(await finishedTask(world, other)).toMatchObject({ state: 'completed', message: 'edited' });
});

/** What is left to compare of a task. */
type Left = Pick<QueueItem, 'state' | 'message' | 'priority'> & { readonly isMoved: boolean };

interface Step {
  readonly line: readonly string[];
  /** What becomes of a task: undefined when it is refused. */
  readonly leaves: (before: Left) => Left | undefined;
}

const ifWaiting =
  (changes: Partial<Left>) =>
  (before: Left): Left | undefined =>
    before.state === 'pending' ? { ...before, ...changes } : undefined;

const retriedWith =
  (message: string) =>
  (before: Left): Left | undefined =>
    before.state === 'error' ? { ...before, state: 'pending', message } : undefined;

const STEPS: readonly Step[] = [
  { line: ['edit', '--message', 'one'], leaves: ifWaiting({ message: 'one' }) },
  { line: ['edit', '--message', 'two', '--priority', '7'], leaves: ifWaiting({ message: 'two', priority: 7 }) },
  { line: ['move', '--last'], leaves: ifWaiting({ priority: 0, isMoved: true }) },
  { line: ['cancel'], leaves: ifWaiting({ state: 'error' }) },
  { line: ['retry', '--message', 'three'], leaves: retriedWith('three') },
  { line: ['retry', '--message', 'four'], leaves: retriedWith('four') },
];

/** What two steps may come to, one after the other: whether each is done, and the task afterwards. */
function inOrder(before: Left, first: Step, second: Step): readonly [boolean, boolean, Left] {
  const middle = first.leaves(before);
  const after = second.leaves(middle ?? before);
  return [middle !== undefined, after !== undefined, after ?? middle ?? before];
}

const PAIRS = STEPS.flatMap((one, index) => STEPS.slice(index).map((two) => [one, two] as const));

test.each(['pending', 'error'] as const)(
  'two verbs at once on a task that is %s are as one after the other',
  async (state) => {
    const world = fakeWorld();
    await enqueue(world, 'stays', issue(1));
    const id = await enqueue(world, 'hello', issue(2));
    const found = task(world, id);
    const ended = state === 'error' ? { state, finished_at: found.created_at } : {};
    for (const [one, two] of PAIRS) {
      await replaceFile(taskPath(world, id), JSON.stringify({ ...found, ...ended }));
      const [a, b] = await Promise.all(
        [one, two].map(async ({ line: [verb = '', ...options] }) => world.kugetsu('queue', verb, id, ...options)),
      );
      const { state: end, message, priority = 0, place } = task(world, id);
      const left = { state: end, message, priority, isMoved: place !== undefined };
      const before: Left = { state, message: 'hello', priority: 0, isMoved: false };
      const [done, doneToo, after] = inOrder(before, one, two);
      const [last, lastToo, afterwards] = inOrder(before, two, one);
      const expected = [
        [done, doneToo, after],
        [lastToo, last, afterwards],
        // Both want the same.
        ...(one === two ? [[true, true, after]] : []),
      ];
      expect(expected, `${one.line.join(' ')} and ${two.line.join(' ')}`).toContainEqual([
        a?.code === 0,
        b?.code === 0,
        left,
      ]);
    }
  },
);
