import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REF, succeeded } from '../support/fake-world.ts';
import { fleetOf } from '../support/fleet-worlds.ts';
import { queueInATable } from '../support/queue-in-a-table.ts';
import { gitIn, type World } from '../support/world.ts';

async function messages(world: World): Promise<readonly string[]> {
  const { stdout } = succeeded(await world.kugetsu('notify', 'list', '--all', '--type', 'work_unpushed', '--json'));
  const news = JSON.parse(stdout) as readonly { readonly message: string; readonly issue_ref: string }[];
  return news.map(({ message, issue_ref: ref }) => `${ref}: ${message}`);
}

/** Both hosts list what `b` has, each its own first, and the last column is the host. */
async function listsAgree(a: World, b: World): Promise<void> {
  for (const [world, host, count] of [
    [a, 'a', 3],
    [b, 'b', 3],
  ] as const) {
    const lines = succeeded(await world.kugetsu('list'))
      .stdout.trim()
      .split('\n');
    const rows = lines.map((line) => line.split('\t'));
    expect(rows).toHaveLength(count);
    expect(rows[0]?.at(-1)).toBe(host);
    expect(rows.find(([ref]) => ref === REF)?.slice(4)).toEqual([
      'succeeded',
      '2 commits ahead, not pushed, 1 uncommitted file',
      'b',
    ]);
  }
  const { stdout } = succeeded(await a.kugetsu('list', '--host', 'b', '--json'));
  expect(JSON.parse(stdout)).toMatchObject([
    { issue_ref: REF, host: 'b', state: 'idle', session_id: null, told: { outcome: 'succeeded', class: 'ok' } },
  ]);
  expect(succeeded(await a.kugetsu('list', '--host', 'a')).stdout).not.toContain(REF);
  expect(await a.kugetsu('list', '--host', 'z')).toMatchObject({ code: 1, stdout: '' });
}

/** Who leaves says what it takes along, and who joins with it says it again, so that the fleet knows it as before. */
async function joinsWithIt(b: World, url: string): Promise<void> {
  const what = /^2 commits on fix\/issue-1 up to [\da-f]{12}, which is not pushed, 1 uncommitted file \(as of .+\)$/;
  const { stdout } = succeeded(await b.kugetsu('fleet', 'leave', '--json'));
  expect(JSON.parse(stdout)).toEqual({
    host: 'b',
    tasks: 0,
    unpushed: [{ issue_ref: REF, what: expect.stringMatching(what) }],
  });
  expect(succeeded(await b.kugetsu('fleet', 'join', url, '--name', 'b')).stderr).toContain(
    `only this host has, and no other could go on with it:\n  ${REF}: 2 commits on fix/issue-1`,
  );
  expect(succeeded(await b.kugetsu('fleet', 'leave')).stderr).toContain(
    `only this home has, and no host of the fleet could go on with it:\n  ${REF}: 2 commits on fix/issue-1`,
  );
  const joined = succeeded(await b.kugetsu('fleet', 'join', url, '--name', 'b', '--json'));
  expect({ ...joined, stdout: JSON.parse(joined.stdout) }).toMatchObject({
    stdout: {
      host: 'b',
      tasks: 0,
      elsewhere: [],
      unpushed: [{ issue_ref: REF, what: expect.stringMatching(what) }],
      base: null,
      base_error: null,
      // Each of these homes has a repository of its own under that name.
      differing: [{ host: 'a', about: 'naming', what: expect.stringContaining('is different there') }],
    },
    stderr: '',
  });
}

// Two runs of an agent.
test('what only one host has of an issue is told when the issue goes on without it', async () => {
  const { hosts, url } = await fleetOf(2);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  const commit = 'date >> work.txt; git add . && git commit --quiet -m Work';
  succeeded(await b.kugetsu('start', REF, `fake: sh ${commit}; git push --quiet origin HEAD`, '--follow'));
  expect(succeeded(await a.kugetsu('fleet', 'drain', 'b')).stderr).toBe(
    'host b takes no new tasks; agents at work go on\n',
  );
  succeeded(await a.kugetsu('fleet', 'move', REF, '--to', 'a'));
  succeeded(await a.kugetsu('fleet', 'move', REF, '--to', 'b'));
  expect(await messages(a)).toEqual([]);

  succeeded(await b.kugetsu('continue', REF, `fake: sh ${commit}; echo more > left-over`, '--follow'));
  const left = /2 commits on fix\/issue-1 up to [\da-f]{12}, which is not pushed, 1 uncommitted file \(as of .+\)/;
  const { stderr } = succeeded(await a.kugetsu('fleet', 'drain', 'b'));
  expect(stderr).toMatch(left);
  expect(stderr).toContain(`only this host has:\n  ${REF}: 2 commits`);
  await listsAgree(a, b);
  await joinsWithIt(b, url);
  succeeded(await a.kugetsu('fleet', 'move', REF, '--to', 'a'));
  succeeded(await a.kugetsu('fleet', 'move', REF));
  const [moved, ...more] = await messages(a);
  expect(moved).toMatch(left);
  expect(moved).toContain(`${REF}: moved away from host b, and only that host has: 2 commits`);
  expect(more).toEqual([]);

  succeeded(await b.kugetsu('continue', REF, 'hello', '--follow'));
  succeeded(await a.kugetsu('fleet', 'forget', 'b'));
  const [, gone] = await messages(a);
  expect(gone).toMatch(left);
  expect(gone).toContain(`${REF}: host b is gone, and only that host has: 2 commits`);
});

test('an issue that was moved begins at its new host from what was pushed, and only that', async () => {
  const { hosts } = await fleetOf(2);
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  copyFileSync(join(b.home, 'repos.json'), join(a.home, 'repos.json'));
  const commit = (name: string): string => `echo x > ${name}; git add . && git commit --quiet -m ${name}`;
  const message = `fake: sh ${commit('Pushed')}; git push --quiet origin HEAD; ${commit('Kept')}`;
  succeeded(await b.kugetsu('start', REF, message, '--follow'));
  succeeded(await a.kugetsu('fleet', 'move', REF, '--to', 'a'));
  const onwards = `fake: sh ${commit('Onwards')}; git push --quiet origin HEAD`;
  const { stdout } = succeeded(await a.kugetsu('start', REF, onwards, '--follow'));
  expect(stdout).toContain('starts from origin/fix/issue-1 (1 commit, ');
  const remote = join(b.root, 'remotes', 'demo.git');
  const subjects = await gitIn(b, remote, 'log', '--format=%s', 'main..fix/issue-1');
  expect(subjects.split('\n')).toEqual(['Onwards', 'Pushed']);
});

test('of a host that falls silent it is told once, whoever finds it gone', async () => {
  const { store, other, away, setClock } = await queueInATable();
  for (const ref of ['h/a/b#1', 'h/a/b#2', 'h/a/b#3']) await away.takeIssue(ref);
  const evidence = { commits_ahead: 1, uncommitted_files: 0, pushed: false, branch: 'fix/issue-1', head: 'abc' };
  const note = { run: 'r_1', at: '2026-03-29T18:16:10+02:00', outcome: 'failed', class: 'stalled' } as const;
  await away.fleet.tellIssue('h/a/b#1', { ...note, evidence });
  await away.fleet.tellIssue('h/a/b#2', { ...note, evidence: { ...evidence, pushed: true } });
  // It is not the issue's host.
  await store.fleet.tellIssue('h/a/b#3', { ...note, evidence });
  await setClock(Date.now() + 7_200_000);
  const facts = { slots: 1, live: 0, base: null, naming: undefined, moveAfterMs: 3_600_000 };
  await Promise.all([store, other, store, other].map(async (each) => each.present(facts)));
  expect((await store.inbox.list({ all: true })).map(({ issue_ref: ref, type }) => [ref, type])).toEqual([
    ['h/a/b#1', 'work_unpushed'],
  ]);
  expect(await store.fleet.hosts()).toMatchObject([{ state: 'up' }, { name: 'b', state: 'gone' }]);
  expect(await store.fleet.issues('b')).toMatchObject([
    { issue_ref: 'h/a/b#1', is_gone: true, note: { host: 'b', class: 'stalled', evidence } },
    { issue_ref: 'h/a/b#2', note: { evidence: { pushed: true } } },
    { issue_ref: 'h/a/b#3', note: undefined },
  ]);
  // Told when it was lost, so not again when it is moved.
  expect(await store.fleet.moveIssue('h/a/b#1', 'a')).toBe(true);
  expect(await store.inbox.list({ all: true })).toHaveLength(1);
});
