import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  issue,
  listed,
  readJson,
  readyWorld,
  REF,
  sessionFile,
  storedSessions,
  succeeded,
  worktreeOf,
} from '../support/fake-world.ts';
import { namesOf, pruned } from '../support/prune-world.ts';
import { enqueue } from '../support/queue-world.ts';
import { gitIn, type World } from '../support/world.ts';

const PUSHED = 'git add . && git commit --quiet -m Work && git push --quiet origin HEAD';

async function worked(world: World, number: number, command: string): Promise<void> {
  succeeded(await world.kugetsu('start', issue(number), `fake: sh ${command}`, '--follow'));
}

/** Makes the last run of an issue end so many days ago. */
function endedDaysAgo(world: World, ref: string, days: number): void {
  const path = sessionFile(world, ref);
  const session = readJson(path) as { run: Record<string, unknown> };
  const ended_at = new Date(Date.now() - days * 24 * 60 * 60_000 - 60_000).toISOString();
  writeFileSync(path, JSON.stringify({ ...session, run: { ...session.run, ended_at } }));
}

// Slow: eight issues are worked on, and their branches merged in each way there is.
test('--merged takes the issues whose work is upstream, by merge, squash or rebase, and no others', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '9' });
  await worked(world, 1, `echo one > one.txt && ${PUSHED}`);
  await worked(world, 2, `echo two > two.txt && ${PUSHED} && echo more >> two.txt && ${PUSHED}`);
  await worked(world, 3, `echo three > three.txt && ${PUSHED} && echo 3 > 3.txt && ${PUSHED}`);
  await worked(world, 4, `echo four > four.txt && ${PUSHED}`);
  await worked(world, 5, 'true');
  await worked(world, 6, 'echo six > six.txt && git add . && git commit --quiet -m Work');
  await worked(world, 7, `echo seven > seven.txt && ${PUSHED}`);
  await worked(world, 8, `git commit --quiet --allow-empty -m Nothing && git push --quiet origin HEAD`);
  const checkout = join(world.root, 'checkouts', 'demo');
  const git = async (...args: readonly string[]): Promise<string> => gitIn(world, checkout, ...args);
  await git('remote', 'add', 'origin', join(world.root, 'remotes', 'demo.git'));
  await git('fetch', '--quiet', 'origin');
  await git('merge', '--quiet', '--no-ff', '-m', 'Merge one', 'origin/fix/issue-1');
  await git('merge', '--quiet', '--squash', 'origin/fix/issue-2');
  await git('commit', '--quiet', '-m', 'Two, squashed');
  // What comes later in the same place makes a merge of the branch conflict.
  writeFileSync(join(checkout, 'two.txt'), 'something else\n');
  await git('commit', '--quiet', '-am', 'Change two');
  await git('cherry-pick', 'origin/main..origin/fix/issue-3');
  await git('push', '--quiet', 'origin', 'main', ':fix/issue-2', ':fix/issue-7');

  const shown = await pruned(world, '--merged');
  expect(shown.items.map(({ kind, name, reason }) => [kind, name, reason.split(';')[0]])).toEqual([
    ['issue', issue(1), 'its branch is merged'],
    ['issue', issue(2), 'its changes are in the default branch of origin'],
    ['issue', issue(3), 'its changes are in the default branch of origin'],
  ]);
  expect((await pruned(world)).items).toEqual([]);
  expect((await pruned(world, '--merged', '--older-than', '1')).items).toEqual([]);
  endedDaysAgo(world, issue(3), 2);
  expect(namesOf(await pruned(world, '--merged', '--older-than', '1'))).toEqual([`issue ${issue(3)}`]);

  const deleted = await pruned(world, '--merged', '--force');
  expect(deleted.items.map(({ name, removed }) => [name, removed])).toEqual(
    [1, 2, 3].map((number) => [issue(number), true]),
  );
  const left = (await listed(world)).map(({ issue_ref: ref }) => ref);
  expect(left).toEqual(['(base)', '(pm-agent)', ...[4, 5, 6, 7, 8].map(issue)]);
  expect(storedSessions(world)).toHaveLength(7);
  expect(existsSync(worktreeOf(world, issue(1)))).toBe(false);
  expect(existsSync(worktreeOf(world, issue(4)))).toBe(true);
  expect((await pruned(world, '--merged', '--force')).items).toEqual([]);
});

test('--older-than takes issues by the end of their last run, and saves their work as destroy does', async () => {
  const world = await readyWorld();
  for (const number of [1, 2, 3]) await worked(world, number, 'echo loose > loose.txt');
  for (const number of [1, 3]) endedDaysAgo(world, issue(number), 7);
  await enqueue(world, 'more', issue(3));
  expect(namesOf(await pruned(world, '--older-than', '7'))).toEqual([`issue ${REF}`]);
  expect((await pruned(world, '--older-than', '8')).items).toEqual([]);
  const { stderr } = succeeded(await world.kugetsu('prune', '--older-than', '7', '--force'));
  expect(stderr).toContain('to get it back: git --git-dir ');
  expect(existsSync(worktreeOf(world))).toBe(false);
  expect((await listed(world)).map(({ issue_ref: ref }) => ref)).toEqual(['(base)', '(pm-agent)', issue(2), issue(3)]);
  const notified = JSON.parse(succeeded(await world.kugetsu('notify', 'list', '--json')).stdout) as unknown[];
  expect(notified).toContainEqual(expect.objectContaining({ type: 'work_saved', issue_ref: REF }));
});

test('--merged says which repository could not be fetched, takes nothing of it, and exits 1', async () => {
  const world = await readyWorld();
  await worked(world, 1, `echo one > one.txt && ${PUSHED}`);
  writeFileSync(
    join(world.home, 'repos.json'),
    readFileSync(join(world.home, 'repos.json'), 'utf8').replaceAll('demo.git', 'gone.git'),
  );
  const { code, stdout, stderr } = await world.kugetsu('prune', '--merged', '--force');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('cannot fetch');
  expect(existsSync(worktreeOf(world))).toBe(true);
});

test.each(['-1', '1.5', 'week', ''])('--older-than %j is a usage error', async (days) => {
  const world = await readyWorld();
  expect(await world.kugetsu('prune', '--older-than', days)).toMatchObject({ code: 2, stdout: '' });
});
