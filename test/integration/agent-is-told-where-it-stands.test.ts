import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listedIssue, readyWorld, REF, REPOSITORY, saidIn, succeeded } from '../support/fake-world.ts';
import { finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import { gitIn, type World } from '../support/world.ts';

/** What the agent of the issue was given last. */
async function given(world: World): Promise<string> {
  const { session_id: session } = await listedIssue(world);
  return saidIn(world, session ?? '').findLast((text) => text.includes('fake: reply')) ?? '';
}

test('the message of each run begins with the issue, its branches and when the agent is done, in three lines', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: reply one\nand more', '--follow'));
  expect(await given(world)).toBe(
    [
      `You work on the issue ${REF}, in a git worktree of your own.`,
      'Its branch is fix/issue-1; the base branch is main.',
      'You are done when you end your turn: your last message is what is reported.',
      '',
      'fake: reply one',
      'and more',
    ].join('\n'),
  );
  // With a base branch of its own, and a check.
  const remote = join(world.root, 'remotes', 'demo.git');
  await gitIn(world, remote, 'update-ref', 'refs/heads/next', 'refs/heads/main');
  succeeded(await world.kugetsu('repo', 'set', REPOSITORY, 'base_branch', 'next'));
  succeeded(await world.kugetsu('repo', 'set', REPOSITORY, 'check', 'true'));
  const work = ['start', REF, 'fake: reply two', '--done-when', 'pushed', '--follow'];
  await world.kugetsu(...work);
  const [first, second, third] = (await given(world)).split('\n');
  expect(first).toContain(REF);
  expect(second).toBe('Its branch is fix/issue-1; the base branch is next.');
  expect(third).toContain('committed and pushed (git push origin HEAD)');
  expect(third).toContain("The repository's check runs");
});

test('what the agent is told in the same run has no preamble, nor has anything with AGENT_PREAMBLE=off', async () => {
  const world = await readyWorld({ AGENT_PREAMBLE: 'off' });
  succeeded(await world.kugetsu('start', REF, 'fake: reply one', '--follow'));
  expect(await given(world)).toBe('fake: reply one');
  const told = world.withEnv({ AGENT_PREAMBLE: 'on' });
  await told.kugetsu('continue', REF, 'fake: reply two', '--done-when', 'committed', '--follow');
  const { session_id: session } = await listedIssue(world);
  const messages = saidIn(world, session ?? '');
  expect(messages.filter((text) => text.startsWith('You work on the issue'))).toHaveLength(1);
  expect(messages.filter((text) => text.startsWith('You ended your turn'))).toHaveLength(1);
});

test('the PM agent is told of no issue, and what a task or a record says of the message is what was asked', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const task = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'fake: reply one')).stdout.trim();
  expect(await finishedTask(world, task)).toMatchObject({ message: 'fake: reply one', state: 'completed' });
  expect((await world.kugetsu('logs', '--json')).stdout).not.toContain('You work on the issue');
  const pm = succeeded(await world.kugetsu('delegate', 'fake: reply')).stdout.trim();
  const { session_id: session } = (await finishedTask(world, pm)) as { session_id?: string };
  expect(saidIn(world, session ?? '').join('\n')).not.toContain('You work on the issue');
});
