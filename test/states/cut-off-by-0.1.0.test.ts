// Slow: runs of 0.1.0 are cut off, and what they left is worked off.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CUT_OFF_SESSIONS, CUT_OFF_TASKS, cutOffWorld } from '../support/compat-home.ts';
import { doctor } from '../support/doctor.ts';
import { issue, listed, succeeded, waysBack, worktreeOf, type Listed } from '../support/fake-world.ts';
import { finishedTask, noted, tasks } from '../support/queue-world.ts';
import { run as runProgram, type World } from '../support/world.ts';

const { nine, review, eight, two, pm, delegating, five, seven, ten } = CUT_OFF_TASKS;
/** The tasks whose agents note that they have begun, by the name in the note. */
const NOTING = { two, pm, five, seven, ten };
/** How the attempt that is on counts: the one at `seven` was claimed, and had not begun. */
const ATTEMPTS = { [two]: 2, [pm]: 2, [five]: 2, [seven]: 1, [ten]: 1, [eight]: 2 };

/** A world of that home; its daemon looks by itself once an hour. */
async function world(): Promise<World> {
  const cutOff = await cutOffWorld({
    QUEUE_DAEMON_INTERVAL_MINUTES: '60',
    QUEUE_RETRY_BASE_SECONDS: '0.1',
    // What had ended then is older by the day.
    QUEUE_CLEANUP_AGE_DAYS: '36500',
  });
  onTestFinished(async () => void (await cutOff.kugetsu('queue-daemon', 'stop')));
  return cutOff;
}

/** Lets each agent come to its end: the file they wait for is there. */
function letThemEnd({ root }: World): void {
  writeFileSync(join(root, 'notes', 'go'), '');
  writeFileSync(join(root, 'notes', 'eight'), '');
}

/** Every task comes to its end, each was begun once, and what was there is there. */
async function expectAllDone(cutOff: World): Promise<void> {
  for (const [id, attempts] of Object.entries(ATTEMPTS)) {
    expect(await finishedTask(cutOff, id), id).toMatchObject({ state: 'completed', attempts });
  }
  const waited = await finishedTask(cutOff, delegating);
  expect(waited).toMatchObject({ state: 'error', attempts: 1, failure: { class: 'child_failed' } });
  expect(waited.children).toMatchObject([
    { kind: 'run', issue_ref: issue(6), outcome: 'failed' },
    { kind: 'item', id: five, outcome: 'succeeded' },
  ]);
  expect(await finishedTask(cutOff, nine)).toMatchObject({ state: 'error', failure: { class: 'no_credentials' } });
  expect((await tasks(cutOff)).map(({ id }) => id).toSorted()).toEqual(Object.values(CUT_OFF_TASKS).toSorted());
  for (const name of Object.keys(NOTING)) expect(noted(cutOff, name), name).toEqual(['begun']);
  for (const [number, id] of Object.entries(CUT_OFF_SESSIONS)) {
    const file = readFileSync(join(cutOff.home, 'sessions', `forge.test-acme-demo-${number}.json`), 'utf8');
    expect(file, number).toContain(id);
  }
}

// Six agents come to their end in it, each after a runner of its own has begun.
test('the daemon goes on: no task is lost, and none is run twice', async () => {
  const cutOff = await world();
  letThemEnd(cutOff);
  succeeded(await cutOff.kugetsu('queue-daemon', 'start'));
  await expectAllDone(cutOff);
});

// The same, after everything was looked at first, and then set right.
test('whoever looks sees that the agents are dead, doctor --fix loses nothing, and the daemon goes on', async () => {
  const cutOff = await world();
  expect(succeeded(await cutOff.kugetsu('status')).stdout).toBe('ok\n');
  const sessions = (await listed(cutOff)).filter(({ type }) => type === 'forked');
  expect(Object.fromEntries(sessions.map(seen))).toEqual({
    [issue(1)]: [CUT_OFF_SESSIONS[1], 'runner_died'],
    [issue(2)]: [CUT_OFF_SESSIONS[2], 'runner_died'],
    [issue(3)]: [null, 'runner_died'],
    [issue(4)]: [CUT_OFF_SESSIONS[4], 'runner_died'],
    [issue(5)]: [CUT_OFF_SESSIONS[5], 'runner_died'],
    [issue(6)]: [CUT_OFF_SESSIONS[6], 'runner_died'],
    [issue(7)]: [null, 'claim_interrupted'],
    [issue(8)]: [CUT_OFF_SESSIONS[8], 'agent_killed'],
    [issue(9)]: [CUT_OFF_SESSIONS[9], 'no_credentials'],
  });
  const states = (await tasks(cutOff)).map(({ id, state }) => [id, state]);
  expect(Object.fromEntries(states)).toEqual({
    [nine]: 'error',
    [review]: 'completed',
    // It waits for the retry of `five`.
    [delegating]: 'notified',
    ...Object.fromEntries([eight, two, pm, five, seven, ten].map((id) => [id, 'pending'])),
  });
  expect((await cutOff.kugetsu('queue-daemon', 'status')).code).toBe(3);
  const { repairs } = await doctor(cutOff, '--fix');
  expect(repairs.filter(({ fixed }) => !fixed)).toEqual([]);
  expect(existsSync(join(cutOff.home, 'queue', 'daemon.lock'))).toBe(false);
  expect(readFileSync(join(worktreeOf(cutOff, issue(2)), 'draft.txt'), 'utf8')).toContain('issue 2');
  letThemEnd(cutOff);
  succeeded(await cutOff.kugetsu('queue-daemon', 'start'));
  await expectAllDone(cutOff);
});

function seen({ issue_ref: ref, session_id: id, run }: Listed): [string, unknown[]] {
  return [ref, [id, run?.verdict?.class]];
}

test('an issue whose agent was killed goes on, and one whose destroy was cut off can be destroyed, with its work saved', async () => {
  const cutOff = await world();
  letThemEnd(cutOff);
  succeeded(await cutOff.kugetsu('continue', issue(1), 'fake: reply hello', '--follow'));
  expect((await listed(cutOff)).find(({ issue_ref: ref }) => ref === issue(1))).toMatchObject({
    session_id: CUT_OFF_SESSIONS[1],
    run: { verdict: { outcome: 'succeeded' } },
  });
  const [way = ''] = waysBack(succeeded(await cutOff.kugetsu('destroy', issue(4), '-y')));
  expect((await runProgram(['sh', '-c', way], { cwd: cutOff.root, env: cutOff.env })).code).toBe(0);
  const [, back = ''] = / --detach (\S+) /.exec(way) ?? [];
  expect(readFileSync(join(back, 'draft.txt'), 'utf8')).toContain('issue 4');
});
