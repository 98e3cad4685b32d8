import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listedIssue, readJson, readyWorld, REF, succeeded, worktreeOf } from '../support/fake-world.ts';

interface Stored {
  readonly info: {
    readonly permission: readonly { readonly permission: string; readonly pattern: string; readonly action: string }[];
  };
}

test('KUGETSU_TEMP_DIR is handed to the agent and allowed to it; each run has a directory of its own there, and none stays', async () => {
  const world = await readyWorld();
  const temporary = join(realpathSync(world.root), 'agents-tmp');
  const configured = world.withEnv({ KUGETSU_TEMP_DIR: temporary });
  const tell =
    'fake: sh echo "$KUGETSU_TEMP_DIR" > told.txt; echo "$TMPDIR" >> told.txt; test -d "$TMPDIR" && touch "$TMPDIR/left"';
  succeeded(await configured.kugetsu('start', REF, tell, '--follow'));
  const { run, session_id: session } = await listedIssue(world);
  const told = readFileSync(join(worktreeOf(world), 'told.txt'), 'utf8')
    .trim()
    .split('\n');
  expect(told).toEqual([temporary, join(temporary, run?.id ?? '')]);
  const { info } = readJson(
    join(world.userHome, '.local', 'share', 'fake-opencode', `${session ?? ''}.json`),
  ) as Stored;
  const rules = info.permission.filter(({ permission }) => permission === 'external_directory');
  expect(rules[0]).toMatchObject({ pattern: '*', action: 'deny' });
  expect(rules.slice(1)).toContainEqual({
    permission: 'external_directory',
    pattern: `${temporary}/*`,
    action: 'allow',
  });
  expect(readdirSync(temporary)).toEqual([]);
});

test('an agent finds the kugetsu that started it, and its git its own worktree, whatever the caller had set', async () => {
  const world = await readyWorld();
  const hooked = world.withEnv({
    GIT_DIR: '/nonexistent',
    GIT_WORK_TREE: '/nonexistent',
    GIT_INDEX_FILE: '/nonexistent',
  });
  const tell =
    'fake: sh git rev-parse --show-toplevel > told.txt; kugetsu status >> told.txt; command -v kugetsu >> told.txt';
  succeeded(await hooked.kugetsu('start', REF, tell, '--follow'));
  const told = readFileSync(join(worktreeOf(world), 'told.txt'), 'utf8')
    .trim()
    .split('\n');
  expect(told).toEqual([worktreeOf(world), 'ok', join(world.home, 'bin', 'kugetsu')]);
});
