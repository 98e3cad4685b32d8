// Slow: `init` and four runs of the real opencode.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { gitIn, type World } from '../support/world.ts';

const REPOSITORY = 'forge.test/acme/demo';
const issue = (number: number): string => `${REPOSITORY}#${number}`;

/** The tests of the repository: they need what git ignores. */
const TESTS =
  '#!/bin/sh\n. ./.env && test "$KEY" = hunter2-Of-The-Forge && test -e deps/library && echo "all tests pass"\n';
/** What makes that, from a template that is in the repository and a file of the user's. */
const SETUP = 'sed "s/SECRET/$(cat .secret)/" env.template > .env && mkdir -p deps && touch deps/library';

let real: RealWorld;

async function commit(world: World, checkout: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(checkout, name), text);
  await gitIn(world, checkout, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '-m', 'Have tests that need more than git has');
  await gitIn(world, checkout, 'push', '--quiet', 'origin', 'HEAD:main');
}

// `init` with the real opencode takes long on a busy machine.
beforeAll(async () => {
  real = await makeRealWorld();
  const { world, remote } = real;
  const checkout = join(world.root, 'my-checkout');
  await gitIn(world, world.root, 'clone', '--quiet', remote, checkout);
  await commit(world, checkout, {
    '.gitignore': '.env\n.secret\n/deps/\n',
    'env.template': 'KEY=SECRET\n',
    'test.sh': TESTS,
  });
  writeFileSync(join(checkout, '.secret'), 'hunter2-Of-The-Forge');
  const settings = { url: remote, checkout, copy: ['.secret'], setup: SETUP };
  writeFileSync(join(world.home, 'repos.json'), JSON.stringify({ [REPOSITORY]: settings }));
}, 600_000);

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

test('an agent finds a worktree in which the tests pass that need an ignored .env, and none of that is its work', async () => {
  const { world, model } = real;
  model.on(/run the tests/, [{ bash: 'sh test.sh; git status --short' }, { text: 'They pass.' }]);
  const started = await world.kugetsu('start', issue(1), 'run the tests', '--follow');
  expect(started.code).toBe(0);
  const request = model.requests.findLast(({ lastUserText }) => lastUserText.includes('run the tests'));
  expect(request?.toolResults[0]?.trim()).toBe('all tests pass');
  expect(request?.lastUserText).toMatch(/^You work on the issue forge\.test\/acme\/demo#1, /);
  const { run, worktree } = await listedSession(world, issue(1));
  expect(run?.verdict).toMatchObject({
    outcome: 'succeeded',
    reply: 'They pass.',
    evidence: { commits_ahead: 0, uncommitted_files: 0 },
  });
  expect(readFileSync(join(worktree ?? '', '.env'), 'utf8')).toBe('KEY=hunter2-Of-The-Forge\n');
  const { stdout, stderr } = await world.kugetsu('destroy', issue(1), '-y');
  expect(stdout + stderr).not.toContain('refs/kugetsu/rescue');
});

test('a set-up that fails starts no agent; when it is fixed, continue sets up and the agent works', async () => {
  const { world, model } = real;
  model.on(/try the tests/, [{ bash: 'sh test.sh' }, { text: 'Tried.' }]);
  const flag = join(world.root, 'registry-is-up');
  const set = `test -e '${flag}' || { echo "the registry is down"; exit 7; }; ${SETUP}`;
  expect(await world.kugetsu('repo', 'set', REPOSITORY, 'setup', set)).toMatchObject({ code: 0 });
  const failed = await world.kugetsu('start', issue(2), 'try the tests', '--follow');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('the set-up failed: exit code 7; it ended with: the registry is down');
  expect(model.requests.some(({ lastUserText }) => lastUserText.includes('try the tests'))).toBe(false);
  const { run, worktree } = await listedSession(world, issue(2));
  expect(run?.verdict).toMatchObject({ outcome: 'failed', class: 'setup_failed' });
  expect(existsSync(join(worktree ?? '', '.secret'))).toBe(true);
  writeFileSync(flag, '');
  expect(await world.kugetsu('continue', issue(2), 'try the tests', '--follow')).toMatchObject({ code: 0 });
  const request = model.requests.findLast(({ lastUserText }) => lastUserText.includes('try the tests'));
  expect(request?.toolResults[0]?.trim()).toBe('all tests pass');
});
