import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { issue, readJson, succeeded } from '../support/fake-world.ts';
import { fleetTaskThat } from '../support/fleet-worlds.ts';
import { freshTables } from '../support/queue-in-a-table.ts';
import { delegate, enqueue, noted, notesPath, queueWorld, startDaemon, tasks } from '../support/queue-world.ts';
import { run, type World } from '../support/world.ts';

const NAME = 'KUGETSU_QUEUE_URL';
const PASSWORD = 'hunter2-is-no-password';
const completed = ({ state }: { readonly state: string }): boolean => state === 'completed';

/** A container whose environment names the server of a fleet. */
async function container(): Promise<World> {
  const { address } = await freshTables();
  const url = `${inject('postgres')}&schema=${address.schema}`.replace('kugetsu@', `kugetsu:${PASSWORD}@`);
  return queueWorld({ [NAME]: url });
}

/** The files of the home that have the password. */
function filesWithIt({ home }: World): string {
  return spawnSync('grep', ['-rlsF', PASSWORD, home], { encoding: 'utf8' }).stdout;
}

test('a home joins by its environment; PM agents get the URL, development agents do not, and nobody is shown it', async () => {
  const world = await container();
  await startDaemon(world);
  const pm = await delegate(world, `fake: sh env; env > '${notesPath(world, 'pm')}'`);
  const dev = await enqueue(world, `fake: sh env; env > '${notesPath(world, 'dev')}'`);
  for (const id of [pm, dev]) await fleetTaskThat(world, id, completed);
  expect(noted(world, 'pm').filter((line) => line.startsWith(`${NAME}=`))).toHaveLength(1);
  expect(noted(world, 'dev').filter((line) => line.includes(NAME) || line.includes(PASSWORD))).toEqual([]);
  expect(filesWithIt(world)).toBe('');
  expect(readJson(join(world.home, 'queue', 'fleet.json'))).toMatchObject({ url: null });
  for (const words of [
    ['logs', pm],
    ['fleet', 'status', '--json'],
    ['config', 'list'],
    ['doctor', '--no-model'],
  ]) {
    const { stdout, stderr } = await world.kugetsu(...words);
    expect(`${stdout}${stderr}`).not.toContain(PASSWORD);
  }
});

test('without its URL such a home has no queue, rather than one of its own', async () => {
  const world = await container();
  const id = await enqueue(world, 'hello');
  const without = world.withEnv({ [NAME]: '' });
  expect(await without.kugetsu('queue', 'list')).toEqual({
    code: 4,
    stdout: '',
    stderr: `kugetsu: the fleet's queue cannot be reached: this home has its URL from ${NAME}, which is not set\n  set it, or run: kugetsu fleet join URL\n`,
  });
  expect(await without.kugetsu('status')).toMatchObject({ code: 0 });
  expect(await without.kugetsu('start', issue(2), 'hello')).toMatchObject({ code: 4, stdout: '' });
  const kept = succeeded(await without.kugetsu('queue', 'enqueue', issue(3), 'hello'));
  expect(kept.stderr).toContain("kept here: the fleet's queue cannot be reached");
  // Whatever daemon this environment has, it takes nothing that other hosts may have.
  const once = await without.kugetsu('queue-daemon', 'run', '--once');
  expect(once.stderr).toContain('this tick failed');
  // As a development agent calls it, whose environment lacks it.
  const agent = { KUGETSU_TASK_ID: id, KUGETSU_ORIGIN_TASK: id, KUGETSU_RUN_ID: 'r_0mwrzy3vsoanbch2t' };
  const asked = await run([...world.command, 'queue', 'enqueue', issue(4), 'hello'], {
    cwd: world.project,
    env: { ...without.env, ...agent, KUGETSU_AGENT: 'dev-agent' },
  });
  expect(asked).toMatchObject({ code: 4, stdout: '' });
  await startDaemon(world);
  for (const each of [id, kept.stdout.trim()]) await fleetTaskThat(world, each, completed);
  expect(await tasks(world)).toHaveLength(2);

  // Who knows the URL may write it down.
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  succeeded(await without.kugetsu('fleet', 'join', world.env[NAME] ?? ''));
  expect(await tasks(without)).toHaveLength(2);
});
