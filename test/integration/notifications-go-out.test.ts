import { createHmac } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { homeAt } from '../../src/domain/home.ts';
import { courierOf } from '../../src/domain/notifications/courier.ts';
import { deliver } from '../../src/domain/notifications/deliver.ts';
import { sendNotification } from '../../src/domain/notifications/inbox.ts';
import { readSettingsSource } from '../../src/domain/settings/list-settings.ts';
import { resolveSettings } from '../../src/domain/settings/settings.ts';
import { doctor, expectBreak, workedWorld } from '../support/doctor.ts';
import { fakeWorld, REF, succeeded } from '../support/fake-world.ts';
import { delegate, enqueue, finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { receiver, type Received } from '../support/receiver.ts';
import { until, type World } from '../support/world.ts';

interface Body {
  readonly id: string;
  readonly type: string;
  readonly message: string;
}

const bodyOf = ({ body }: Received): Body => JSON.parse(body) as Body;

const waiting = (world: World): string[] => {
  const directory = join(world.home, 'notifications.out');
  return existsSync(directory) ? readdirSync(directory) : [];
};

const untilOut = async (world: World): Promise<void> => {
  await until('nothing waits to go out', () => waiting(world).length === 0);
};

const daemonLog = (world: World): string => readFileSync(join(world.home, 'queue', 'daemon.log'), 'utf8');

/** A program that appends what it is given to a file, one line for each call. */
function recorder(world: World): { readonly program: string; readonly lines: () => string[] } {
  const program = join(world.root, 'record notification');
  const file = join(world.root, 'recorded');
  writeFileSync(program, `#!/bin/sh\n{ printf '%s|%s|' "$1" "$KUGETSU_NOTIFICATION_TYPE"; cat; } >> '${file}'\n`);
  chmodSync(program, 0o755);
  const lines = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []);
  return { program, lines };
}

test('the end of a task is posted, signed, and with no more than was asked for', async () => {
  const { url, received } = await receiver();
  const world = await queueWorld({ NOTIFY_WEBHOOK_URL: `${url}/hook` });
  succeeded(await world.kugetsu('env', 'set', 'NOTIFY_WEBHOOK_SECRET', 'a long secret'));
  await startDaemon(world);
  const id = await enqueue(world, 'hello');
  await finishedTask(world, id);
  await until('it is posted', () => received.length > 0);
  await untilOut(world);
  expect(received.map((each) => bodyOf(each))).toMatchObject([
    { type: 'task_completed', message: 'You said: hello', issue_ref: REF, task: id },
  ]);
  const [{ headers, body, path } = { headers: {}, body: '', path: '' }] = received;
  expect(path).toBe('/hook');
  expect(headers['x-kugetsu-notification']).toBe((JSON.parse(body) as Body).id);
  const expected = createHmac('sha256', 'a long secret').update(body).digest('hex');
  expect(headers['x-kugetsu-signature-256']).toBe(`sha256=${expected}`);
});

// Slow: it is tried again after one second, and then after five.
test('a receiver that fails twice is told at the third time, under the same id, and nothing waits for it', async () => {
  const { url, received } = await receiver(500, 302);
  const world = fakeWorld({ NOTIFY_WEBHOOK_URL: url });
  succeeded(await world.kugetsu('notify', 'send', 'first'));
  succeeded(await world.kugetsu('notify', 'send', 'second'));
  await untilOut(world);
  const messages = received.map((each) => bodyOf(each));
  expect(messages.filter(({ message }) => message === 'first').length).toBeGreaterThan(0);
  expect(messages.filter(({ message }) => message === 'second').length).toBeGreaterThan(0);
  expect(messages).toHaveLength(4);
  expect(new Set(messages.map(({ id }) => id)).size).toBe(2);
  expect(received.map(({ path }) => path)).not.toContain('/elsewhere');
});

/** What kugetsu does in this process, with a clock that waits for nobody. */
async function contextOf(world: World) {
  let passed = 0;
  const clock = {
    ...systemClock,
    now: () => Date.now() + passed,
    sleep: async (ms: number) => {
      passed += ms;
      await systemClock.sleep(1);
    },
  };
  const facts = { home: homeAt(world.home), env: world.env, clock };
  const settings = async () => resolveSettings(await readSettingsSource(facts));
  const courier = courierOf({ ...facts, settings }, async () => undefined);
  return { ...facts, settings, courier };
}

test('what cannot be delivered is tried four times, and the log says so without the secret address', async () => {
  const { url, received } = await receiver(500, 500, 500, 500);
  const world = fakeWorld({ NOTIFY_WEBHOOK_URL: `${url}/secret-path` });
  const context = await contextOf(world);
  await sendNotification(context, { type: 'task_error', message: 'it failed' });
  expect(waiting(world)).toHaveLength(1);
  await deliver(context);
  expect(waiting(world)).toEqual([]);
  expect(received).toHaveLength(4);
  expect(daemonLog(world)).toMatch(
    /notification n_\w+ \(task_error\) did not go out by webhook, tried 4 times: HTTP 500/,
  );
  expect(daemonLog(world)).not.toContain('secret-path');
});

test.each([
  ['by default', {}, ['task_error', 'task_waiting', 'review_wanted']],
  ['types by name', { NOTIFY_TYPES: 'task_started, task_error' }, ['task_started', 'task_error']],
  ['all', { NOTIFY_TYPES: 'all' }, ['task_started', 'task_error', 'task_waiting', 'review_wanted']],
])('NOTIFY_TYPES chooses what goes out: %s', async (_what, env, expected) => {
  const { url, received } = await receiver();
  const context = await contextOf(fakeWorld({ NOTIFY_WEBHOOK_URL: url, ...env }));
  for (const type of ['task_started', 'task_error', 'task_waiting', 'review_wanted']) {
    await sendNotification(context, { type, message: 'hello' });
  }
  await deliver(context);
  expect(received.map((each) => bodyOf(each).type)).toEqual(expected);
});

test('a command gets each notification on its input, and no shell sees what is in it', async () => {
  const world = fakeWorld();
  const { program, lines } = recorder(world);
  const told = world.withEnv({ NOTIFY_COMMAND: `'${program}' "an argument"` });
  succeeded(await told.kugetsu('notify', 'send', '$(touch x); `y` "z"'));
  await untilOut(world);
  const [line = ''] = lines();
  expect(lines()).toHaveLength(1);
  expect(line).toMatch(/^an argument\|message\|\{/);
  expect(JSON.parse(line.slice(line.indexOf('{')))).toMatchObject({ message: '$(touch x); `y` "z"', task: null });
});

test('what was left by a courier that was killed is brought out by the daemon', async () => {
  const { url, received } = await receiver();
  const world = await queueWorld({ NOTIFY_WEBHOOK_URL: url });
  await sendNotification(await contextOf(world), { type: 'task_error', message: 'left behind' });
  expect(waiting(world)).toHaveLength(1);
  await startDaemon(world);
  await until('it is posted', () => received.length > 0);
  await untilOut(world);
  expect(received.map((each) => bodyOf(each).message)).toEqual(['left behind']);
});

// Slow on a busy machine: a PM agent works, and then ends.
test('what an agent sends goes out although its run ends, and the agent does not get the secret', async () => {
  const { url, received } = await receiver();
  const world = await queueWorld({ NOTIFY_WEBHOOK_URL: url, NOTIFY_TYPES: 'message' });
  succeeded(await world.kugetsu('env', 'set', 'NOTIFY_WEBHOOK_SECRET', 'a long secret'));
  await startDaemon(world);
  const say = 'kugetsu notify send "has:${NOTIFY_WEBHOOK_SECRET-nothing}"';
  await finishedTask(world, await delegate(world, `fake: sh ${say}`));
  await until('it is posted', () => received.length > 0);
  await untilOut(world);
  expect(received.map((each) => bodyOf(each).message)).toEqual(['has:nothing']);
});

test('a damaged file takes nothing else with it', async () => {
  const { url, received } = await receiver();
  const world = fakeWorld({ NOTIFY_WEBHOOK_URL: url });
  mkdirSync(join(world.home, 'notifications.out'), { recursive: true });
  writeFileSync(join(world.home, 'notifications.out', 'n_0000000000000.webhook.json'), '{');
  succeeded(await world.kugetsu('notify', 'send', 'hello'));
  await untilOut(world);
  expect(received.map((each) => bodyOf(each).message)).toEqual(['hello']);
});

test('notify test says what came of each sink, and puts nothing into the inbox', async () => {
  const { url, received } = await receiver(500);
  const world = fakeWorld();
  const none = await world.kugetsu('notify', 'test');
  expect(none).toMatchObject({ code: 3, stdout: '' });
  expect(none.stderr).toContain('run: kugetsu config set NOTIFY_WEBHOOK_URL URL');
  const { program, lines } = recorder(world);
  const told = world.withEnv({ NOTIFY_COMMAND: `'${program}'`, NOTIFY_WEBHOOK_URL: `${url}/secret-path` });
  const { code, stdout, stderr } = await told.kugetsu('notify', 'test');
  expect(code).toBe(1);
  expect(stdout).toContain('command\tarrived\t');
  expect(stdout).toContain('webhook\tfailed\tHTTP 500 from 127.0.0.1:');
  expect(`${stdout}${stderr}`).not.toContain('secret-path');
  expect(received).toHaveLength(1);
  expect(lines()).toHaveLength(1);
  const again = succeeded(await told.kugetsu('notify', 'test', '--json'));
  expect(JSON.parse(again.stdout)).toMatchObject([
    { sink: 'command', ok: true },
    { sink: 'webhook', ok: true },
  ]);
  expect(succeeded(await world.kugetsu('notify', 'list', '--all')).stdout.trim()).toBe('');
});

test.each([
  ['NOTIFY_COMMAND', 'notify | cat', 'needs a shell'],
  ['NOTIFY_COMMAND', "notify 'me", 'a quote that is not closed'],
  ['NOTIFY_WEBHOOK_URL', 'example.com', 'http or https URL'],
  ['NOTIFY_TYPES', 'Task Error', 'types of notifications'],
])('%s=%s is a mistake in the settings', async (key, value, why) => {
  const { code, stderr } = await fakeWorld().kugetsu('config', 'set', key, value);
  expect(code).toBe(2);
  expect(stderr).toContain(why);
});

test('a list of the settings shows of a webhook only its host, and config get all of it', async () => {
  const world = fakeWorld();
  const url = 'ntfy+https://anna:pw@push.example.org/my-topic?x=1';
  succeeded(await world.kugetsu('config', 'set', 'NOTIFY_WEBHOOK_URL', url));
  for (const options of [[], ['--json']]) {
    const { stdout } = succeeded(await world.kugetsu('config', 'list', ...options));
    expect(stdout).toContain('ntfy+https://push.example.org/[redacted]');
    expect(stdout).not.toMatch(/my-topic|anna|pw@/);
  }
  expect(succeeded(await world.kugetsu('config', 'get', 'NOTIFY_WEBHOOK_URL')).stdout).toBe(`${url}\n`);
});

test('what is said of a webhook that is set, hidden or mistaken has only its host', async () => {
  const world = fakeWorld();
  const url = 'https://anna:pw@push.example.org/my-topic';
  const set = succeeded(await world.kugetsu('config', 'set', 'NOTIFY_WEBHOOK_URL', url));
  expect(set.stderr).toContain('set NOTIFY_WEBHOOK_URL=https://push.example.org/[redacted] in ');
  const hidden = await world.withEnv({ NOTIFY_WEBHOOK_URL: url }).kugetsu('config', 'unset', 'NOTIFY_WEBHOOK_URL');
  expect(hidden.stderr).toContain('the environment has NOTIFY_WEBHOOK_URL=https://push.example.org/[redacted], which');
  const mistaken = 'anna:pw@push.example.org/my-topic';
  const refused = await world.kugetsu('config', 'set', 'NOTIFY_WEBHOOK_URL', mistaken);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('push.example.org/[redacted]') });
  writeFileSync(join(world.home, 'config'), `NOTIFY_WEBHOOK_URL='${mistaken}'\n`);
  const listed = await world.kugetsu('config', 'list');
  expect(listed).toMatchObject({ code: 1, stderr: expect.stringContaining('push.example.org/[redacted]') });
  for (const { stdout, stderr } of [set, hidden, refused, listed])
    expect(stdout + stderr).not.toMatch(/my-topic|anna|pw@/);
});

// It calls doctor eleven times.
test('doctor finds a NOTIFY_COMMAND that cannot be run, wherever it is looked for', async () => {
  const world = await workedWorld();
  const command = /^kugetsu config set NOTIFY_COMMAND PROGRAM, then kugetsu notify test$/;
  const text = join(world.root, 'text');
  writeFileSync(text, 'no program\n');
  for (const program of ['no-such-program', text, '~/gone']) {
    succeeded(await world.kugetsu('config', 'set', 'NOTIFY_COMMAND', `${program} loudly`));
    const says = new RegExp(
      `NOTIFY_COMMAND: ${program.replace('~', world.userHome)} cannot be run: there is no such program`,
    );
    await expectBreak(world, { level: 'error', check: 'notifications', says, command });
  }
  for (const program of ['cat', recorder(world).program.replace(' ', String.raw`\ `)]) {
    succeeded(await world.kugetsu('config', 'set', 'NOTIFY_COMMAND', program));
    expect((await doctor(world)).findings).toContainEqual(
      expect.objectContaining({ level: 'ok', message: 'notifications go out by command' }),
    );
  }
});

test('doctor finds notifications that nobody brings out, and --fix brings them out', async () => {
  const { url, received } = await receiver();
  const world = await workedWorld({ NOTIFY_WEBHOOK_URL: url });
  mkdirSync(join(world.home, 'notifications.out'), { recursive: true, mode: 0o700 });
  const notification = { type: 'task_error', message: 'lost', issue_ref: REF, task: null, read: false };
  for (const [id, age] of [
    ['n_old', 3_600_000],
    ['n_new', 0],
  ] as const) {
    const timestamp = new Date(Date.now() - age).toISOString();
    const entry = { notification: { id, timestamp, ...notification }, attempts: 0, not_before: 0 };
    const path = join(world.home, 'notifications.out', `${id}.webhook.json`);
    writeFileSync(path, JSON.stringify(entry), { mode: 0o600 });
  }
  await expectBreak(world, {
    level: 'warning',
    check: 'notifications',
    says: /^1 notification waits to go out, for up to 1h/,
    mends: /^nothing waits to go out/,
  });
  expect(received.map((each) => bodyOf(each).id)).toEqual(expect.arrayContaining(['n_new', 'n_old']));
});
