// Slow: 800 commands, of which 32 are at work at any time.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { report } from '../support/faults/figures.ts';
import { fakeWorld, issue } from '../support/fake-world.ts';
import { taskPath, tasks } from '../support/queue-world.ts';
import { processesOf, until, type World } from '../support/world.ts';

const SHELLS = 32;
const EACH = 25;
const KILLS = 20;

/** A shell that enqueues one task after the other; what is printed goes to a file. */
function enqueuer(world: World, shell: number): Promise<number | null> {
  const [kugetsu = ''] = world.command;
  const loop = `for i in $(seq ${EACH}); do '${kugetsu}' queue enqueue '${issue(shell)}' "${shell} $i"; done`;
  const child = spawn('sh', ['-c', `${loop} > printed-${shell} 2> errors-${shell}; true`], {
    cwd: world.root,
    env: world.env,
    stdio: 'ignore',
  });
  return new Promise((resolve) => {
    child.once('close', resolve);
  });
}

const lines = (world: World, name: string): string[] =>
  readFileSync(join(world.root, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

const numbers = Array.from({ length: SHELLS }, (_, index) => index + 1);

// It takes long because it is 800 commands: fewer would seldom meet each other.
test('32 processes enqueue 25 tasks each while 20 of them are killed: no id that was printed is lost', async () => {
  const world = fakeWorld();
  let running = SHELLS;
  let killed = 0;
  for (const shell of numbers) void enqueuer(world, shell).then(() => (running -= 1));
  const done = (): boolean => {
    const victims = processesOf(world.root).filter(({ command }) => !command.startsWith('sh ') && command !== '');
    const victim = victims[Math.floor(Math.random() * victims.length)];
    if (victim !== undefined && killed < KILLS && Math.random() < 0.2) {
      try {
        process.kill(victim.pid, 'SIGKILL');
        killed += 1;
      } catch {
        // It has just ended.
      }
    }
    return running === 0;
  };
  await until('all are done', done, 280_000);
  const printed = numbers.flatMap((shell) => lines(world, `printed-${shell}`));
  const items = await tasks(world);
  const known = new Map(items.map((item) => [item.id, item]));
  const missing = printed.filter((id) => !known.has(id));
  report({
    part: 'many enqueue at once',
    crash_points: killed,
    writers: SHELLS,
    tasks: printed.length,
    lost: missing.length,
    doubled: printed.length - new Set(printed).size,
  });
  expect(killed).toBeGreaterThan(0);
  // One that was killed may have written its task or not; all others have.
  expect(printed.length).toBeGreaterThanOrEqual(SHELLS * EACH - killed);
  expect(new Set(printed).size).toBe(printed.length);
  expect(missing).toEqual([]);
  expect(items.length).toBeLessThanOrEqual(SHELLS * EACH);
  for (const shell of numbers) {
    const ids = lines(world, `printed-${shell}`);
    // In the order in which they were printed, and each with the message that it was given.
    expect(ids).toEqual(ids.toSorted());
    for (const id of ids) expect(known.get(id)?.message).toMatch(new RegExp(`^${shell} \\d+$`));
  }
  expect(items.every(({ id }) => readFileSync(taskPath(world, id), 'utf8').endsWith('}\n'))).toBe(true);
});
