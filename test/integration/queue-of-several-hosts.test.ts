import { expect, test } from 'vitest';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { issue, listed, succeeded } from '../support/fake-world.ts';
import { DEAD, delegate, editTask, enqueue, queueWorld, task, tasks } from '../support/queue-world.ts';
import { run } from '../support/world.ts';
import { runWith, verdictWith } from '../unit/support/runs.ts';

// What a queue says that other hosts have, too, or that a run has which was given up. Nothing here runs an agent.

const RUN = 'r_0mwrzy3vsoanbch2t';
/** A process of another host: its process table and its files are not here. */
const AWAY = { ...DEAD, host: 'b' };
const CLAIMED: Partial<QueueItem> = { state: 'notified', attempts: 1, run_id: RUN, claimed_by: AWAY };
const WAITS: Partial<QueueItem> = {
  ...CLAIMED,
  claimed_by: null,
  run: runWith({ id: RUN, kind: 'pm', phase: 'ended', owner: AWAY, verdict: verdictWith() }),
};

/** Something that a PM agent has made and that has not ended. */
const child = (changes: Partial<QueueItem['children'][number]>): QueueItem['children'] => [
  { kind: 'item', id: 'q_0mwrzy3vsoanbch2t', issue_ref: issue(3), outcome: null, ...changes },
];

test.each([['list'], ['queue', 'list'], ['queue', 'stats'], ['notify', 'list']])(
  'in a home without a fleet, %s of one host says so',
  async (...words) => {
    const world = await queueWorld();
    expect(await world.kugetsu(...words, '--host', 'b')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'kugetsu: this home is in no fleet\n  run: kugetsu fleet join URL\n',
    });
  },
);

test('what another host has claimed is left to that host by everything that looks at tasks', async () => {
  const world = await queueWorld();
  const theirs: readonly Partial<QueueItem>[] = [
    CLAIMED,
    { ...CLAIMED, claimed_by: null, run: runWith({ id: RUN, kind: 'pm', owner: AWAY }) },
    { ...WAITS, children: child({ kind: 'run', id: 'r_there', host: 'b' }) },
  ];
  const ids = [await enqueue(world, 'hello')];
  await editTask(world, ids[0] ?? '', CLAIMED);
  for (const changes of theirs) {
    const id = await delegate(world, 'coordinate');
    await editTask(world, id, changes);
    ids.push(id);
  }
  const before = ids.map((id) => task(world, id));
  await tasks(world);
  expect((await world.kugetsu('logs', ids[1] ?? '')).code).toBe(1);
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(ids.map((id) => task(world, id))).toEqual(before);
});

test('a PM task of another host whose children are tasks is settled by whichever host looks', async () => {
  const world = await queueWorld();
  const id = await delegate(world, 'coordinate');
  const made = await enqueue(world, 'hello', issue(4));
  await editTask(world, made, { state: 'completed', parent: id });
  await editTask(world, id, { ...WAITS, children: child({ id: made }) });
  await tasks(world);
  expect(task(world, id)).toMatchObject({ state: 'completed', children: [{ outcome: 'succeeded' }] });
});

// Twelve commands.
test('a run that is no longer the one of its task starts, enqueues and delegates nothing', async () => {
  const world = await queueWorld();
  const id = await delegate(world, 'coordinate');
  const later = child({ id: await enqueue(world, 'later', issue(5)) });
  const states: readonly Partial<QueueItem>[] = [
    { ...CLAIMED, run_id: 'r_0mwrzy3vsoanbch3t' },
    { state: 'pending', run_id: RUN, claimed_by: null },
    { state: 'error', run_id: RUN, claimed_by: null },
    { ...WAITS, children: later },
  ];
  const caller = { KUGETSU_TASK_ID: id, KUGETSU_ORIGIN_TASK: id, KUGETSU_RUN_ID: RUN, KUGETSU_AGENT: 'pm-agent' };
  const env = { ...world.env, ...caller };
  for (const changes of states) {
    await editTask(world, id, changes);
    const before = task(world, id);
    for (const command of [
      ['start', issue(9), 'hello'],
      ['queue', 'enqueue', issue(9), 'hello'],
      ['delegate', 'hello'],
    ]) {
      const { code, stderr } = await run([...world.command, ...command], { cwd: world.project, env });
      expect(stderr).toContain(`this run is over: ${id} is no longer worked on by ${RUN}\n  start nothing more`);
      expect(code).toBe(1);
    }
    expect(task(world, id)).toEqual(before);
  }
  expect(await tasks(world)).toHaveLength(2);
  expect((await listed(world)).filter(({ type }) => type === 'forked')).toEqual([]);
});

test('nor does one of a development agent, whose PM task may well be over', async () => {
  const world = await queueWorld();
  const parent = await delegate(world, 'coordinate');
  const id = await enqueue(world, 'hello', issue(5));
  const caller = { KUGETSU_TASK_ID: parent, KUGETSU_ORIGIN_TASK: id, KUGETSU_RUN_ID: RUN, KUGETSU_AGENT: 'dev-agent' };
  const env = { ...world.env, ...caller };
  const add = async (): Promise<number> =>
    (await run([...world.command, 'queue', 'enqueue', issue(9), 'hello'], { cwd: world.project, env })).code;
  await editTask(world, parent, { state: 'error', run_id: 'r_0mwrzy3vsoanbch3t' });
  await editTask(world, id, { ...CLAIMED, parent });
  expect(await add()).toBe(0);
  await editTask(world, id, { run_id: 'r_0mwrzy3vsoanbch4t' });
  expect(await add()).toBe(1);
  expect(await tasks(world)).toHaveLength(3);
});
