// Slow: each kind of damage is made in a started issue, which is started again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  issue,
  listedIssue,
  readyWorld,
  REF,
  runOf,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn, run, until, type World } from '../support/world.ts';

async function followWay(world: World, way: string): Promise<string> {
  succeeded(await run(['sh', '-c', way], { cwd: world.project, env: world.env }));
  return / --detach (\S+) /.exec(way)?.[1] ?? '';
}

test('an agent that ruins the index of its worktree costs no verdict, and holds up nothing else', async () => {
  const world = await readyWorld();
  const ruin = 'fake: sh echo precious > work.txt; printf garbage > "$(git rev-parse --git-dir)/index"';
  succeeded(await world.kugetsu('start', REF, ruin, '--follow'));
  expect(await listedIssue(world)).toMatchObject({ run: { verdict: { outcome: 'succeeded', evidence: null } } });
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  const [way = ''] = waysBack(succeeded(await world.kugetsu('destroy', REF, '-y')));
  expect(readFileSync(join(await followWay(world, way), 'work.txt'), 'utf8')).toBe('precious\n');
});

test('what is staged only, and what is staged although it is ignored, is saved as well', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const worktree = worktreeOf(world);
  writeFileSync(join(worktree, '.gitignore'), 'built/\n');
  writeFileSync(join(worktree, 'staged.txt'), 'staged\n');
  succeeded(
    await run(
      [
        'sh',
        '-c',
        'mkdir built && echo forced > built/out.txt && git add -f built/out.txt staged.txt && rm staged.txt',
      ],
      { cwd: worktree, env: world.env },
    ),
  );
  const [way = ''] = waysBack(succeeded(await world.kugetsu('destroy', REF, '-y')));
  const restored = await followWay(world, way);
  expect(readFileSync(join(restored, 'built', 'out.txt'), 'utf8')).toBe('forced\n');
  expect(existsSync(join(restored, 'staged.txt'))).toBe(false);
  // As with git stash, the second parent is the index.
  expect(await gitIn(world, restored, 'show', 'HEAD^2:staged.txt')).toBe('staged');
});

test('the way back is told, and stays in the notifications, although what comes after it fails', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo precious > work.txt', '--follow'));
  // The session's id is made one that cannot be deleted.
  const broken = world.withEnv({ KUGETSU_OPENCODE: join(world.root, 'opencode') });
  writeFileSync(
    join(world.root, 'opencode'),
    `#!/bin/sh\n[ "$1" = session ] && { echo "Error: no" >&2; exit 1; }\nexec '${world.env['KUGETSU_OPENCODE'] ?? ''}' "$@"\n`,
    { mode: 0o755 },
  );
  const outcome = await broken.kugetsu('destroy', REF, '-y');
  expect(outcome.code).toBe(1);
  const [way = ''] = waysBack(outcome);
  expect(readFileSync(join(await followWay(world, way), 'work.txt'), 'utf8')).toBe('precious\n');
  expect((await world.kugetsu('notify', 'list')).stdout).toContain(way);
  succeeded(await world.kugetsu('destroy', REF, '-y'));
});

test('a mistake in the config while the agent works does not cost its verdict', async () => {
  const world = await readyWorld();
  const go = join(world.root, 'go');
  succeeded(await world.kugetsu('start', REF, `fake: wait-for ${go}`));
  const config = join(world.home, 'config');
  const before = readFileSync(config, 'utf8');
  const { owner } = await runOf(world);
  writeFileSync(config, 'MAX_CONCURENT=3\n');
  writeFileSync(go, '');
  await until('the runner is done', () => !existsSync(`/proc/${owner.pid}`));
  expect((await world.kugetsu('list')).stderr).not.toContain('    at ');
  writeFileSync(config, before);
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded', class: 'ok' });
});
