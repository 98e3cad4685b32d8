import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { gitIn, run, type Outcome, type World } from '../support/world.ts';

const TRACKED = ['github.com/shoko/kugetsu#14', 'codeberg.org/shoko/demo#14', 'codeberg.org/acme/demo#7'];

/** A world in which these issues are tracked, with a server that has a port and a prefix. */
function knownWorld(tracked: readonly string[] = TRACKED): World {
  const world = fakeWorld();
  mkdirSync(join(world.home, 'logs'), { recursive: true });
  const issues = Object.fromEntries(tracked.map((ref) => [ref, 'some.json']));
  writeFileSync(join(world.home, 'index.json'), JSON.stringify({ base: null, pm_agent: null, issues }));
  const servers = { work: { url: 'https://git.test:3000/x' } };
  writeFileSync(join(world.home, 'servers.json'), JSON.stringify({ default: null, servers }));
  return world;
}

/** The issue that a task is queued for when it is named so in a directory. */
async function queuedFor(world: World, name: string, cwd = world.project): Promise<unknown> {
  const command = [...world.command, 'queue', 'enqueue', '--json=issue_ref', '--', name, 'hello'];
  const { stdout } = succeeded(await run(command, { cwd, env: world.env }));
  return (JSON.parse(stdout) as { issue_ref: unknown }).issue_ref;
}

async function checkout(world: World, name: string, origin: string): Promise<string> {
  const directory = join(world.root, name);
  mkdirSync(directory);
  await gitIn(world, directory, 'init', '--quiet');
  await gitIn(world, directory, 'remote', 'add', 'origin', origin);
  return directory;
}

test('an issue is named by the URL of its page, of GitHub, Gitea or GitLab, and by that of its pull request', async () => {
  const world = knownWorld();
  const pages = {
    'https://github.com/o/r/issues/14': 'github.com/o/r#14',
    'https://github.com/o/r/pull/14/files?w=1': 'github.com/o/r#14',
    'github.com/o/r/issues/14#issuecomment-123': 'github.com/o/r#14',
    'https://codeberg.org/o/r/pulls/9': 'codeberg.org/o/r#9',
    'https://gitlab.com/o/r/-/issues/14': 'gitlab.com/o/r#14',
    'https://gitlab.com/o/r/-/merge_requests/3/diffs': 'gitlab.com/o/r#3',
    'https://git.test:3000/x/o/r/issues/5': 'git.test/o/r#5',
  };
  for (const [page, ref] of Object.entries(pages)) expect([page, await queuedFor(world, page)]).toEqual([page, ref]);
});

test('a page on a port that no server has is refused, with what to do', async () => {
  const world = knownWorld();
  const refused = await world.kugetsu('queue', 'enqueue', 'https://other.test:8443/o/r/issues/5', 'hello');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('run: kugetsu server add NAME URL');
});

test('in a checkout the number is enough, below its top and in a worktree too, by its origin', async () => {
  const world = knownWorld();
  const ours = await checkout(world, 'ours', 'git@github.com:shoko/kugetsu.git');
  const below = join(ours, 'src', 'deep');
  mkdirSync(below, { recursive: true });
  for (const name of ['3', '#3', 'kugetsu#3', 'shoko/kugetsu#3']) {
    expect(await queuedFor(world, name, below)).toBe('github.com/shoko/kugetsu#3');
  }
  await gitIn(
    world,
    ours,
    '-c',
    'user.name=x',
    '-c',
    'user.email=x@x',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'x',
  );
  await gitIn(world, ours, 'worktree', 'add', '--quiet', '../linked');
  expect(await queuedFor(world, '4', join(world.root, 'linked'))).toBe('github.com/shoko/kugetsu#4');
  const prefixed = await checkout(world, 'prefixed', 'https://git.test:3000/x/acme/tool.git');
  expect(await queuedFor(world, '#-talk', prefixed)).toBe('git.test/acme/tool#-talk');
  // What repos.json maps to a URL is what a checkout with that URL is of.
  const mapped = await checkout(world, 'mapped', join(world.root, 'remote.git'));
  writeFileSync(
    join(world.home, 'repos.json'),
    JSON.stringify({ 'forge.test/acme/mapped': join(world.root, 'remote') }),
  );
  expect(await queuedFor(world, '5', mapped)).toBe('forge.test/acme/mapped#5');
});

test('the end of a tracked ref is enough where it means one issue', async () => {
  const world = knownWorld();
  expect(await queuedFor(world, 'kugetsu#14')).toBe('github.com/shoko/kugetsu#14');
  expect(await queuedFor(world, 'acme/demo#7')).toBe('codeberg.org/acme/demo#7');
  expect(await queuedFor(world, '#7')).toBe('codeberg.org/acme/demo#7');
  expect(await queuedFor(world, '7')).toBe('codeberg.org/acme/demo#7');
});

describe('refused, with exit code 2 and nothing queued:', () => {
  async function refusal(world: World, name: string): Promise<Outcome> {
    const outcome = await world.kugetsu('queue', 'enqueue', '--', name, 'hello');
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(succeeded(await world.kugetsu('queue', 'list', '--json')).stdout)).toEqual([]);
    return outcome;
  }

  test('what could be several issues, each of which is told', async () => {
    const { stderr } = await refusal(knownWorld(), '#14');
    expect(stderr).toBe(
      'kugetsu: "#14" could be any of 2\n  give one of: github.com/shoko/kugetsu#14, codeberg.org/shoko/demo#14\n',
    );
    const both = knownWorld(['a.test/x/demo#1', 'b.test/x/demo#1']);
    expect((await refusal(both, 'x/demo#1')).stderr).toContain('a.test/x/demo#1, b.test/x/demo#1');
    expect((await refusal(both, 'demo#1')).stderr).toContain('a.test/x/demo#1, b.test/x/demo#1');
  });

  test.each(['99', '#99', 'nothing#14', 'o/r#14', 'emo#7'])('%s, which is no issue here', async (name) => {
    expect((await refusal(knownWorld(), name)).stderr).toContain('use instance/owner/repo#identifier');
  });
});

test('tasks and runs are named by the end of their ids; a number of runs stays one', async () => {
  const world = knownWorld();
  const first = succeeded(await world.kugetsu('delegate', 'one')).stdout.trim();
  const second = succeeded(await world.kugetsu('delegate', 'two')).stdout.trim();
  const short = (id: string): string => id.slice(-9);
  expect(succeeded(await world.kugetsu('queue', 'explain', short(first))).stdout).toContain(first);
  expect(succeeded(await world.kugetsu('queue', 'explain', `q_${short(second)}`)).stdout).toContain(second);
  const third = succeeded(await world.kugetsu('delegate', 'three', '--after', short(first), '--json=after')).stdout;
  expect(JSON.parse(third)).toEqual({ after: [{ id: first, outcome: null }] });
  succeeded(await world.kugetsu('queue', 'cancel', short(first), short(second), '-y'));
  expect(succeeded(await world.kugetsu('logs', '14')).stdout).toBe('');
  // A log of which no record is left is found by its end as well.
  const logged = 'r_0mwrzy3vsoanbch2t';
  writeFileSync(join(world.home, 'logs', `${logged}.log`), '');
  expect((await world.kugetsu('logs', 'nbch2t')).stderr).toContain(logged);
  const twins = ['r_0mwrzy3vsoanzzzzz', 'r_0mwrzy3vsobnzzzzz'];
  for (const twin of twins) writeFileSync(join(world.home, 'logs', `${twin}.log`), '');
  const unclear = await world.kugetsu('logs', 'zzzzz');
  expect(unclear).toMatchObject({ code: 2, stdout: '' });
  for (const twin of twins) expect(unclear.stderr).toContain(twin);
});
