import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { homeAt } from '../../src/domain/home.ts';
import { listNotifications, sendNotification } from '../../src/domain/notifications/inbox.ts';
import { fakeWorld, REF, succeeded } from '../support/fake-world.ts';
import { delegate, enqueue, finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

interface Notification {
  readonly id: string;
  readonly type: string;
  readonly message: string;
  readonly issue_ref: string | null;
  readonly task: string | null;
  readonly read: boolean;
}

async function notifications(world: World, ...options: readonly string[]): Promise<Notification[]> {
  return JSON.parse(succeeded(await world.kugetsu('notify', 'list', '--json', ...options)).stdout) as Notification[];
}

/** What was told about a task, as soon as its end was. */
async function toldAbout(world: World, id: string): Promise<Notification[]> {
  await finishedTask(world, id);
  return until('its end is told', async () => {
    const told = (await notifications(world)).filter(({ task }) => task === id);
    return told.some(({ type }) => type === 'task_completed' || type === 'task_error') ? told : undefined;
  });
}

const types = (told: readonly Notification[]): string[] => told.map(({ type }) => type);

test('a task is told of when it is queued, taken, at work and completed, in this order', async () => {
  const world = await queueWorld();
  const id = await enqueue(world, 'hello');
  expect(types(await notifications(world))).toEqual(['task_queued']);
  await startDaemon(world);
  const told = await toldAbout(world, id);
  expect(types(told)).toEqual(['task_queued', 'task_dequeued', 'task_started', 'task_completed']);
  expect(told.map(({ issue_ref: ref }) => ref)).toEqual([REF, REF, REF, REF]);
  expect(told.at(-1)?.message).toBe('You said: hello');
});

test('a task that is given up is told of once, with the class of its failure', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const told = await toldAbout(world, await enqueue(world, 'fake: error-status 500'));
  expect(types(told)).toEqual([
    'task_queued',
    'task_dequeued',
    'task_started',
    'task_dequeued',
    'task_started',
    'task_dequeued',
    'task_started',
    'task_error',
  ]);
  expect(told.filter(({ type }) => type === 'task_dequeued').map(({ message }) => message.slice(0, 10))).toEqual([
    'attempt 1:',
    'attempt 2:',
    'attempt 3:',
  ]);
  expect(told.at(-1)?.message).toMatch(/^model_unavailable: .*500/);
});

test('what a PM agent sends belongs to its task', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const id = await delegate(world, `fake: sh kugetsu notify send 'Nothing to do.' --issue-ref '${REF}'`);
  const told = await toldAbout(world, id);
  expect(types(told)).toEqual(['task_queued', 'task_dequeued', 'task_started', 'message', 'task_completed']);
  expect(told[3]).toMatchObject({ message: 'Nothing to do.', issue_ref: REF });
});

test('clear marks all as read; --all still lists them', async () => {
  const world = fakeWorld();
  for (const message of ['one', 'two']) succeeded(await world.kugetsu('notify', 'send', message));
  expect((await notifications(world)).map(({ message }) => message)).toEqual(['one', 'two']);
  const { stderr } = succeeded(await world.kugetsu('notify', 'clear'));
  expect(stderr).toContain('marked 2 notifications as read');
  succeeded(await world.kugetsu('notify', 'send', 'three'));
  expect((await notifications(world)).map(({ message }) => message)).toEqual(['three']);
  const all = await notifications(world, '--all');
  expect(all.map(({ message, read }) => `${message} ${read}`)).toEqual(['one true', 'two true', 'three false']);
});

test('send takes a type and an issue ref, and list is a line for each', async () => {
  const world = fakeWorld();
  const args = ['PR #92 is ready\nfor review', '--type', 'review_wanted', '--issue-ref', REF, '--json'];
  const sent = JSON.parse(succeeded(await world.kugetsu('notify', 'send', ...args)).stdout) as Notification;
  expect(sent).toMatchObject({ type: 'review_wanted', issue_ref: REF, task: null, read: false });
  expect(await notifications(world)).toEqual([sent]);
  const { stdout } = succeeded(await world.kugetsu('notify', 'list'));
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toContain('review_wanted');
  expect(stdout).toContain('PR #92 is ready for review');
});

test.each([
  ['a type with capitals', ['hello', '--type', 'Done']],
  ['an empty type', ['hello', '--type', '']],
  ['a type that kugetsu alone sends', ['hello', '--type', 'work_saved']],
  ['a bad issue ref', ['hello', '--issue-ref', 'demo#1']],
  ['an empty message', ['']],
])('%s is a usage error, and nothing is sent', async (_what, args) => {
  const world = fakeWorld();
  expect(await world.kugetsu('notify', 'send', ...args)).toMatchObject({ code: 2, stdout: '' });
  expect(await notifications(world, '--all')).toEqual([]);
});

test('there are 500 at the most; the oldest that was read goes first, then the oldest', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('notify', 'send', 'first'));
  const path = join(world.home, 'notifications.json');
  const {
    notifications: [template],
  } = JSON.parse(readFileSync(path, 'utf8')) as { notifications: Notification[] };
  const full = Array.from({ length: 500 }, (_, index) => ({ ...template, message: `n ${index}`, read: index === 3 }));
  writeFileSync(path, JSON.stringify({ notifications: full, kept: true }));
  succeeded(await world.kugetsu('notify', 'send', 'one more'));
  succeeded(await world.kugetsu('notify', 'send', 'and another'));
  const all = await notifications(world, '--all');
  expect(all).toHaveLength(500);
  expect(all.slice(0, 4).map(({ message }) => message)).toEqual(['n 1', 'n 2', 'n 4', 'n 5']);
  expect(all.slice(-2).map(({ message }) => message)).toEqual(['one more', 'and another']);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ kept: true });
});

test('forty that are sent at once are all there', async () => {
  const world = fakeWorld();
  const messages = Array.from({ length: 40 }, (_, index) => `message ${index}`);
  const outcomes = await Promise.all(messages.map(async (message) => world.kugetsu('notify', 'send', message)));
  expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
  expect((await notifications(world)).map(({ message }) => message).toSorted()).toEqual(messages.toSorted());
});

test('what is told late has the place of the time at which it happened', async () => {
  const context = { home: homeAt(fakeWorld().home), clock: systemClock, env: {} };
  const now = Date.now();
  await sendNotification(context, { type: 'first', message: 'x', at: now - 2 });
  await sendNotification(context, { type: 'third', message: 'x', at: now });
  await sendNotification(context, { type: 'second', message: 'x', at: now - 1 });
  await sendNotification(context, { type: 'fourth', message: 'x', at: now });
  expect(types(await listNotifications(context, { all: true }))).toEqual(['first', 'second', 'third', 'fourth']);
});

test('what delegate tells is put into the inbox by whoever changes it next, and counts once after a crash', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('delegate', 'first'));
  succeeded(await world.kugetsu('delegate', 'second'));
  const posted = join(world.home, 'notifications.new');
  const names = readdirSync(posted);
  expect(names).toHaveLength(2);
  const texts = names.map((name) => readFileSync(join(posted, name), 'utf8'));
  const putBack = (): void => names.forEach((name, index) => writeFileSync(join(posted, name), texts[index] ?? ''));
  const messages = async (...args: string[]): Promise<string[]> =>
    (await notifications(world, ...args)).map(({ message }) => message);
  expect(await messages()).toEqual(['first', 'second']);
  succeeded(await world.kugetsu('notify', 'send', 'third'));
  expect(readdirSync(posted)).toEqual([]);
  putBack();
  expect(await messages()).toEqual(['first', 'second', 'third']);
  succeeded(await world.kugetsu('notify', 'clear'));
  putBack();
  expect(await messages()).toEqual([]);
  expect(await messages('--all')).toEqual(['first', 'second', 'third']);
});

test('a damaged file among what was posted takes nothing else with it', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('delegate', 'first'));
  writeFileSync(join(world.home, 'notifications.new', 'n_0000000000000.json'), '');
  succeeded(await world.kugetsu('notify', 'send', 'second'));
  expect((await notifications(world)).map(({ message }) => message)).toEqual(['first', 'second']);
  expect(readdirSync(join(world.home, 'notifications.new'))).toEqual([]);
});
