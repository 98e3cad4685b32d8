import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, readyWorld, REF, succeeded, verdictOf } from '../support/fake-world.ts';
import { delegate, finishedTask, queueWorld, startDaemon } from '../support/queue-world.ts';
import type { World } from '../support/world.ts';

interface Finding {
  readonly level: string;
  readonly check: string;
  readonly message: string;
  readonly command: string | null;
}

async function finding(world: World, check: string): Promise<Finding | undefined> {
  const { stdout } = await world.kugetsu('doctor', '--json', '--no-model');
  return (JSON.parse(stdout) as { readonly findings: Finding[] }).findings.find((each) => each.check === check);
}

/** Leaves git without a name for whoever commits, also where it would make one up. */
function forgetIdentity(world: World): void {
  writeFileSync(join(world.userHome, '.gitconfig'), '[user]\n\tuseConfigOnly = true\n[init]\n\tdefaultBranch = main\n');
}

test('without a git identity init, start and doctor say so, each with the command that gives one', async () => {
  const world = await readyWorld();
  expect(await finding(world, 'git-identity')).toMatchObject({ level: 'ok' });
  forgetIdentity(world);
  const said = 'git has no identity, so agents cannot commit';
  const init = succeeded(await world.kugetsu('init', '--headless', '--force'));
  expect(init.stderr).toContain(`note: ${said}; run: git config --global user.name`);
  expect((await world.kugetsu('start', REF, 'hello', '--follow')).stdout).toContain(said);
  expect((await world.kugetsu('continue', REF, 'hello', '--follow')).stdout).toContain(said);
  const found = await finding(world, 'git-identity');
  expect(found).toMatchObject({ level: 'warning', message: said });
  expect(found?.command).toContain('git config --global user.name');
});

test.each([
  ['EMAIL and names', { EMAIL: 'a@localhost', GIT_AUTHOR_NAME: 'A', GIT_COMMITTER_NAME: 'A' }, true],
  ['variables for both', { ...identity('AUTHOR'), ...identity('COMMITTER') }, true],
  ['variables for the author alone', identity('AUTHOR'), false],
])('an identity from the environment of agents counts: %s', async (_what, variables, isEnough) => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('init', '--headless'));
  forgetIdentity(world);
  // With useConfigOnly git does not take EMAIL (git-config(1)).
  if ('EMAIL' in variables) writeFileSync(join(world.userHome, '.gitconfig'), '');
  for (const [key, value] of Object.entries(variables)) {
    succeeded(await world.kugetsu('env', 'set', key, value, 'dev-agent'));
  }
  expect((await finding(world, 'git-identity'))?.level).toBe(isEnough ? 'ok' : 'warning');
});

function identity(whose: string): Record<string, string> {
  return { [`GIT_${whose}_NAME`]: 'A', [`GIT_${whose}_EMAIL`]: 'a@localhost' };
}

test('a PATH that hides programs from agents is told when it is set, and by doctor', async () => {
  const world = await readyWorld();
  expect(await finding(world, 'agent-programs')).toMatchObject({ level: 'ok' });
  const empty = join(world.root, 'empty');
  mkdirSync(empty);
  const set = succeeded(await world.kugetsu('env', 'set', 'PATH', empty, 'dev-agent'));
  expect(set.stderr).toContain('note: with this PATH, agents do not find git');
  const found = await finding(world, 'agent-programs');
  expect(found).toMatchObject({ level: 'error', command: 'kugetsu env rm PATH dev-agent' });
  expect(found?.message).toContain('dev-agent does not find git');
  expect((await world.kugetsu('start', REF, 'hello')).stderr).toContain('agents do not find git');
  // It is told, and holds nothing up.
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded', reply: 'You said: hello' });
});

test('a PM task whose every kugetsu command failed has started nothing, and is no success', async () => {
  const world = await queueWorld();
  await startDaemon(world);
  const failing = await delegate(world, `fake: sh kugetsu start not-a-ref hello 2>&1 | cat; true`);
  const item = await finishedTask(world, failing);
  expect(item).toMatchObject({ state: 'error', attempts: 1, failure: { class: 'nothing_started' } });
  expect(item.failure?.message).toContain('every kugetsu command of the PM agent failed: kugetsu: ');
  const asking = await delegate(world, 'fake: sh kugetsu queue-daemon status; kugetsu status');
  expect(await finishedTask(world, asking)).toMatchObject({ state: 'completed' });
  const starting = await delegate(world, `fake: sh kugetsu start not-a-ref x; kugetsu queue enqueue '${REF}' hello`);
  expect(await finishedTask(world, starting)).toMatchObject({ state: 'completed' });
});

test('init makes a home that was there before private, and says so; not one that is shared', async () => {
  const world = fakeWorld();
  mkdirSync(world.home);
  chmodSync(world.home, 0o755);
  writeFileSync(join(world.home, 'repos.json'), '{}');
  const { stderr } = succeeded(await world.kugetsu('init', '--headless'));
  expect(stderr).toContain(`made ${world.home} private (mode 0700; it was 0755)`);
  expect(statSync(world.home).mode & 0o777).toBe(0o700);
  expect(succeeded(await world.kugetsu('init', '--headless', '--force')).stderr).not.toContain('private');
  const shared = join(world.root, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  const other = succeeded(await world.withEnv({ KUGETSU_DIR: shared }).kugetsu('init', '--headless'));
  expect(other.stderr).toContain('other users can read');
  expect(statSync(shared).mode & 0o7777).toBe(0o1777);
  rmSync(shared, { recursive: true });
});

test('doctor counts worktrees that are there', async () => {
  const world = await readyWorld();
  expect((await finding(world, 'worktrees'))?.message).toBe('there is no worktree');
  writeFileSync(join(world.home, 'repos.json'), JSON.stringify({ 'forge.test/acme/unknown': '/no/such.git' }));
  await world.kugetsu('start', 'forge.test/acme/unknown#1', 'hello');
  expect((await finding(world, 'worktrees'))?.message).toBe('there is no worktree');
});
