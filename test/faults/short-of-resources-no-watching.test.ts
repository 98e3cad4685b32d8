// Slow: a daemon that hears of no change has to look by itself.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildWith, type BuiltProgram } from '../support/faults/crashing-build.ts';
import { succeeded } from '../support/fake-world.ts';
import { daemonLog, enqueue, finishedTask, queueWorld } from '../support/queue-world.ts';
import { run, until, type World } from '../support/world.ts';

let silent: BuiltProgram;
beforeAll(() => {
  silent = buildWith({ 'adapters/store/watch-directory.ts': 'silent-watch.ts' });
});
afterAll(() => rmSync(silent.directory, { recursive: true, force: true }));

/** Starts the daemon by another command line than the world's. */
async function startBy(world: World, ...command: readonly string[]): Promise<void> {
  succeeded(await run([...command, 'queue-daemon', 'start'], { cwd: world.project, env: world.env }));
}

/** Tasks that come while the daemon sleeps are picked up by the interval alone. */
async function expectPickedUp(world: World, says: RegExp): Promise<void> {
  await until('it says which way it works', () => says.test(daemonLog(world)));
  for (const words of ['first', 'second']) {
    expect(await finishedTask(world, await enqueue(world, `fake: reply ${words}`))).toMatchObject({
      state: 'completed',
      attempts: 1,
      reply: words,
    });
  }
}

const EVERY_SECOND = { QUEUE_DAEMON_INTERVAL_MINUTES: '0.02' };

test('no watch can be had: the daemon says so, and looks by its interval', async () => {
  const world = await queueWorld(EVERY_SECOND);
  const none = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"';
  const [program = ''] = world.command;
  await startBy(world, 'unshare', '--user', '--map-root-user', 'sh', '-c', none, 'sh', program);
  await expectPickedUp(world, /file watching is not available: the queue is checked at intervals only/);
});

test('a watch notices nothing: the daemon finds that out, says so, and looks by its interval', async () => {
  const world = await queueWorld(EVERY_SECOND);
  await startBy(world, silent.program);
  await expectPickedUp(world, /this filesystem does not report changes: the queue is checked at intervals only/);
});

test('a watch that notices is not said to be deaf', async () => {
  const world = await queueWorld();
  await startBy(world, ...world.command);
  expect(await finishedTask(world, await enqueue(world, 'hello'))).toMatchObject({ state: 'completed' });
  await until('it has looked whether it notices anything', () => /notices changes in the queue/.test(daemonLog(world)));
  expect(daemonLog(world)).not.toMatch(/at intervals only/);
});
