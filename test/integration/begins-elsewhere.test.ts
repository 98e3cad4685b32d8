import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyWorld, REF, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { gitIn, type World } from '../support/world.ts';

/** Gives the repository a branch `develop` and a tag `v1` that main does not have. @returns the commits of the two */
async function withHistory(world: World): Promise<{ develop: string; v1: string }> {
  const checkout = join(world.root, 'checkouts', 'demo');
  const commit = async (name: string): Promise<string> => {
    await gitIn(world, checkout, 'commit', '--quiet', '--allow-empty', '-m', name);
    return gitIn(world, checkout, 'rev-parse', 'HEAD');
  };
  await gitIn(world, checkout, 'checkout', '--quiet', '-b', 'develop');
  const v1 = await commit('one');
  await gitIn(world, checkout, 'tag', 'v1');
  const develop = await commit('two');
  await gitIn(world, checkout, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), 'develop', 'v1');
  return { develop, v1 };
}

const begin = async (world: World, from: string): Promise<string> => {
  succeeded(await world.kugetsu('start', REF, 'hello', '--from', from, '--follow'));
  return gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD');
};

// Five starts.
test('start --from begins at a branch, a tag or a commit, and says so; another word is refused', async () => {
  const world = await readyWorld();
  const { develop, v1 } = await withHistory(world);
  expect(await begin(world, 'develop')).toBe(develop);
  expect((await world.kugetsu('logs', REF)).stdout).toContain(`starts from develop (${develop.slice(0, 10)})`);
  expect(await begin(world, 'v1')).toBe(v1);
  expect(await begin(world, develop.slice(0, 12))).toBe(develop);
  expect((await verdictOf(world)).evidence).toMatchObject({ commits_ahead: 0 });
  for (const from of ['nowhere', 'develop~1', '--all']) {
    const refused = await world.kugetsu('start', REF, 'hello', `--from=${from}`, '--follow');
    expect(refused.code).toBe(1);
    expect(refused.stderr + refused.stdout).toContain(`no branch, tag or commit "${from}"`);
  }
  expect(await gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD')).toBe(develop);
});

// A daemon, and a clone.
test('a task begins there once, and goes on with what it has then', async () => {
  const world = await queueWorld();
  const { v1 } = await withHistory(world);
  await startDaemon(world);
  const queued = await world.kugetsu('queue', 'enqueue', REF, 'hello', '--from', 'v1');
  expect(await finishedTask(world, succeeded(queued).stdout.trim())).toMatchObject({ state: 'completed', from: 'v1' });
  expect(await gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD')).toBe(v1);
});

test('agents commit under the name that is set for them, and list says when their branch has diverged', async () => {
  const world = await readyWorld({ AGENT_GIT_NAME: 'An Agent', AGENT_GIT_EMAIL: 'agent@localhost' });
  const work = 'git commit -q --allow-empty -m Work && git push -q origin HEAD';
  const apart = 'git reset -q --hard HEAD~1 && git commit -q --allow-empty -m Other';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work} && ${apart}`, '--follow'));
  const format = '--format=%an <%ae> %cn <%ce>';
  expect(await gitIn(world, worktreeOf(world), 'log', '-1', format)).toBe(
    'An Agent <agent@localhost> An Agent <agent@localhost>',
  );
  expect((await runOf(world)).verdict?.evidence).toMatchObject({ diverged: true });
  expect((await world.kugetsu('list')).stdout).toContain('diverged from origin');
});
