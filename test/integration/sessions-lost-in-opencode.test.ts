import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, issue, listed, opencodeCalls, readyWorld, REF, succeeded } from '../support/fake-world.ts';
import { delegate, finishedTask, queueWorld, startDaemon, tasks } from '../support/queue-world.ts';
import { until, type World } from '../support/world.ts';

/** Takes a session of kugetsu's out of opencode. @returns its id */
async function lose(world: World, type: 'base' | 'pm_agent'): Promise<string> {
  const id = (await listed(world)).find((session) => session.type === type)?.session_id ?? '';
  rmSync(join(world.userHome, '.local', 'share', 'fake-opencode', `${id}.json`));
  return id;
}

test('status and start say that opencode has lost the base, and the command that they name gives it back', async () => {
  const world = await readyWorld();
  const id = await lose(world, 'base');
  const { code, stdout, stderr } = await world.kugetsu('status');
  expect({ code, stdout }).toEqual({ code: 3, stdout: 'base_session_missing\n' });
  expect(stderr).toContain(`opencode no longer has the base session ${id}\n  run: kugetsu doctor --fix\n`);
  expect(JSON.parse((await world.kugetsu('status', '--json')).stdout)).toEqual({ status: 'base_session_missing' });
  const start = await world.kugetsu('start', REF, 'hello', '--json');
  expect(start.stderr).toContain(`opencode no longer has the base session ${id}`);
  expect(start.stderr).toContain('run: kugetsu doctor --fix');
  expect(start.code).toBe(1);
  await world.kugetsu('doctor', '--fix', '--no-model');
  expect(await world.kugetsu('status')).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test("with the PM agent's session it is the same, also for a task of the queue", async () => {
  const world = await queueWorld();
  const id = await lose(world, 'pm_agent');
  const { code, stdout, stderr } = await world.kugetsu('status');
  expect({ code, stdout }).toEqual({ code: 3, stdout: 'pm_agent_missing\n' });
  expect(stderr).toContain(`opencode no longer has the PM agent's session ${id}\n  run: kugetsu doctor --fix\n`);
  const task = await delegate(world, 'coordinate');
  await startDaemon(world);
  // That is for a person to see to: the task waits, without an attempt.
  const why = await until('the task knows why it waits', async () => (await tasks(world))[0]?.failure ?? false);
  expect(why).toMatchObject({ class: 'pm_agent_missing' });
  expect((await tasks(world))[0]).toMatchObject({ id: task, state: 'pending', attempts: 0 });
  await world.kugetsu('doctor', '--fix', '--no-model');
  expect((await world.kugetsu('status')).stdout).toBe('ok\n');
});

test('the base and the PM agent are each exported once, in whatever order they are forked, and each can be given back', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  for (const number of [1, 2]) {
    succeeded(await world.kugetsu('start', issue(number), 'hello', '--follow'));
    await finishedTask(world, await delegate(world, 'coordinate'));
  }
  const exported = opencodeCalls(world).filter(([command]) => command === 'export');
  expect(exported.map(([, id]) => id)).toEqual([...new Set(exported.map(([, id]) => id))]);
  await lose(world, 'base');
  await lose(world, 'pm_agent');
  await world.kugetsu('doctor', '--fix', '--no-model');
  expect((await world.kugetsu('status')).stdout).toBe('ok\n');
});

test('an opencode that cannot be asked does not change the word, and status says so', async () => {
  const world = await readyWorld();
  const { code, stdout, stderr } = await world.withEnv({ KUGETSU_OPENCODE: '/no/such/opencode' }).kugetsu('status');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'ok\n' });
  expect(stderr).toMatch(/^kugetsu: cannot ask opencode whether it still has the sessions: .+\n {2}.+\n$/);
});

test('a task that is queued before init is queued, and that init is missing is said', async () => {
  const world = fakeWorld();
  for (const args of [
    ['delegate', 'hello'],
    ['queue', 'enqueue', REF, 'hello'],
  ]) {
    const { stdout, stderr } = succeeded(await world.kugetsu(...args));
    expect(stdout).toMatch(/^q_\S+\n$/);
    expect(stderr).toContain('kugetsu: queued, but kugetsu is not ready: kugetsu_not_initialized\n  run: kugetsu init');
  }
  succeeded(await world.kugetsu('init', '--headless'));
  expect((await world.kugetsu('delegate', 'hello')).stderr).not.toContain('not ready');
  succeeded(await world.kugetsu('destroy', '--pm-agent', '-y'));
  expect((await world.kugetsu('delegate', 'hello')).stderr).toContain('not ready: pm_agent_missing\n');
});
