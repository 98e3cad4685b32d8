// Slow: the home moves under a daemon at work.
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, listedIssue, REF, succeeded } from '../support/fake-world.ts';
import { enqueue, finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { run, type World } from '../support/world.ts';

/** The same world after its home was moved, with the new place in KUGETSU_DIR. */
function moved(world: World): World {
  const home = join(world.root, 'elsewhere', 'kugetsu');
  mkdirSync(join(world.root, 'elsewhere'));
  renameSync(world.home, home);
  const at = world.withEnv({ KUGETSU_DIR: home });
  return { ...at, home };
}

/** Two commits that nobody else has, of which the second has overwritten the first, and a file. */
const WORK = [
  'echo first-commit > done.txt; git add done.txt; git commit -qm First',
  'echo second-commit > done.txt; git commit -qam Second; echo uncommitted > left.txt',
].join('; ');

/** Where each of the texts is now: in a worktree, in what was moved aside, or in a ref that was saved. */
async function whereIs(world: World, text: string): Promise<string[]> {
  const places = ['worktrees', 'rescued'].map((name) => join(world.home, name)).filter((path) => existsSync(path));
  const inFiles = await run(['grep', '-rlF', '--exclude-dir=.git', text, ...places], {
    cwd: world.root,
    env: world.env,
  });
  const found = inFiles.stdout.split('\n').filter((line) => line !== '');
  for (const name of readdirSync(join(world.home, 'repos')).filter((entry) => entry.endsWith('.git'))) {
    const git = ['git', '--git-dir', join(world.home, 'repos', name)];
    const at = { cwd: world.root, env: world.env };
    const refs = (await run([...git, 'for-each-ref', '--format=%(refname)'], at)).stdout.trim().split('\n');
    for (const ref of refs) {
      const { stdout } = await run([...git, 'log', '--oneline', `-S${text}`, ref], at);
      if (stdout !== '') found.push(ref);
    }
  }
  return found;
}

test('the home was moved: what there is is shown, nothing is lost, and start works again', async () => {
  const before = await queueWorld();
  succeeded(await before.kugetsu('start', REF, `fake: sh ${WORK}`, '--follow'));
  const waiting = await enqueue(before, 'fake: reply queued before', issue(2));
  const world = moved(before);

  for (const look of [['list'], ['queue', 'list'], ['notify', 'list', '--all'], ['status'], ['logs', REF]])
    expect([look, await world.kugetsu(...look)]).toMatchObject([look, { code: 0 }]);
  expect((await world.kugetsu('queue', 'list')).stdout).toContain(waiting);
  const { stdout: findings } = await world.kugetsu('doctor', '--no-model');
  expect(findings).toMatch(/worktree/);

  const continued = await world.kugetsu('continue', REF, 'hello', '--follow');
  expect(continued.code).toBe(1);
  expect(continued.stderr).toMatch(/\n  .*kugetsu start/);
  const started = await world.kugetsu('start', REF, 'fake: reply here again', '--follow');
  expect(started).toMatchObject({ code: 0 });
  expect((await listedIssue(world)).worktree).toContain(world.home);
  for (const text of ['uncommitted', 'first-commit', 'second-commit']) {
    expect(await whereIs(world, text)).not.toEqual([]);
  }
  expect(succeeded(await world.kugetsu('notify', 'list', '--all')).stdout).toMatch(/to get it back/);
  succeeded(await world.kugetsu('continue', REF, 'hello', '--follow'));

  await startDaemon(world);
  expect(await finishedTask(world, waiting)).toMatchObject({ state: 'completed', attempts: 1 });
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  expect(existsSync(before.home)).toBe(false);
});
