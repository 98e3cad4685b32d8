// Slow: each hostile repository is cloned, started in and destroyed.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  readJson,
  readyWorld,
  REF,
  REPOSITORY,
  repositoryOf,
  sessionFile,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { gitIn, mapRepositories, run, type World } from '../support/world.ts';

const checkoutOf = (world: World): string => join(world.root, 'checkouts', 'demo');
const remoteOf = (world: World): string => join(world.root, 'remotes', 'demo.git');

/** Commits whatever the checkout has, and pushes it to a branch of the remote that becomes the default one. */
async function publish(world: World, branch = 'main'): Promise<void> {
  await gitIn(world, checkoutOf(world), 'add', '--all');
  await gitIn(world, checkoutOf(world), 'commit', '--quiet', '--allow-empty', '-m', 'Hostile');
  await gitIn(world, checkoutOf(world), 'push', '--quiet', remoteOf(world), `HEAD:refs/heads/${branch}`);
  await gitIn(world, remoteOf(world), 'symbolic-ref', 'HEAD', `refs/heads/${branch}`);
}

/** Commits a tree that is written by hand: names that a file system, or git add, would refuse. @returns the commit */
async function publishTree(world: World, entries: Buffer): Promise<string> {
  const input = { cwd: remoteOf(world), env: world.env, input: entries };
  const { code, stdout, stderr } = await run(['git', 'mktree', '-z'], input);
  expect(`${code} ${stderr}`).toBe('0 ');
  const commit = await gitIn(
    world,
    remoteOf(world),
    '-c',
    'user.name=x',
    '-c',
    'user.email=x@x',
    'commit-tree',
    stdout.trim(),
    '-m',
    'By hand',
  );
  await gitIn(world, remoteOf(world), 'update-ref', 'refs/heads/main', commit);
  return commit;
}

async function blob(world: World, text: string): Promise<string> {
  const input = { cwd: remoteOf(world), env: world.env, input: text };
  return (await run(['git', 'hash-object', '-w', '--stdin'], input)).stdout.trim();
}

test.each([
  '-x',
  '--upload-pack=touch pwned',
  "it's;$(touch pwned)",
  '-',
  'a"b',
  'ünïcode',
  '@',
  `${'long/'.repeat(40)}name`,
])('a default branch %j is a branch like any other', async (branch) => {
  const world = await readyWorld();
  // git itself refuses a space in a branch.
  const name = branch.replaceAll(' ', '');
  await publish(world, name);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  expect(await gitIn(world, worktreeOf(world), 'log', '-1', '--format=%s')).toBe('Hostile');
  expect(readdirSync(world.project)).toEqual([]);
  succeeded(await world.kugetsu('destroy', REF, '-y'));
});

test('files with any name that git allows are checked out, saved and brought back', async () => {
  const world = await readyWorld();
  const names = [
    '-rf',
    '--',
    '-',
    ' ',
    'a\nb',
    '\u001B[2J',
    '"quoted"',
    "it's",
    '$(id)',
    ':(exclude)x',
    '..x',
    '...',
    'x'.repeat(250),
    'é',
  ];
  for (const name of names) writeFileSync(join(checkoutOf(world), name), 'old\n');
  await run(['sh', '-c', String.raw`printf 'old\n' > "$(printf 'latin\351')"`], {
    cwd: checkoutOf(world),
    env: world.env,
  });
  await publish(world);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  for (const name of names) writeFileSync(join(worktreeOf(world), name), 'new\n');
  await run(
    ['sh', '-c', String.raw`printf 'new\n' > "$(printf 'latin\351')"; printf 'new\n' > "$(printf 'untracked\351')"`],
    {
      cwd: worktreeOf(world),
      env: world.env,
    },
  );
  const outcome = succeeded(await world.kugetsu('destroy', REF, '-y'));
  // oxlint-disable-next-line no-control-regex
  expect(outcome.stderr).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/);
  const [way = ''] = waysBack(outcome);
  expect(await run(['sh', '-c', way], { cwd: world.root, env: world.env })).toMatchObject({ code: 0 });
  const [saved = ''] = readdirSync(join(world.home, 'rescued'));
  for (const name of names) expect(readFileSync(join(world.home, 'rescued', saved, name), 'utf8')).toBe('new\n');
  const latin = await run(['sh', '-c', 'cat latin* untracked*'], {
    cwd: join(world.home, 'rescued', saved),
    env: world.env,
  });
  expect(latin.stdout).toBe('new\nnew\n');
});

test.each(['.git', '.GIT', 'git~1', '..'])('a tree with an entry %j does not get past git', async (name) => {
  const world = await readyWorld();
  const inner = await blob(world, '[core]\n\tfsmonitor = touch pwned\n');
  await publishTree(world, Buffer.from(`100644 blob ${inner}\t${name}\0`));
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(stderr).toMatch(/^kugetsu: \S+: [^\n]+\n {2}[^\n]+\n$/);
  expect(code).toBe(1);
  expect(existsSync(worktreeOf(world))).toBe(false);
  // The next one works again when the repository does.
  await publish(world, 'mended');
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
});

test('links out of the worktree are links: what they point to is neither read, nor moved, nor removed', async () => {
  const world = await readyWorld();
  const outside = join(world.root, 'outside');
  mkdirSync(outside);
  await gitIn(world, outside, 'init', '--quiet', 'repository');
  writeFileSync(join(outside, 'precious.txt'), 'precious\n');
  for (const [name, target] of [
    ['root', '/'],
    ['outside', outside],
    ['up', '../../..'],
    ['dangling', '/nowhere'],
    ['itself', 'itself'],
  ] as const) {
    symlinkSync(target, join(checkoutOf(world), name));
  }
  await publish(world);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const worktree = worktreeOf(world);
  expect(lstatSync(join(worktree, 'root')).isSymbolicLink()).toBe(true);
  // The index says that there is a repository, and a file that was staged although it is ignored, behind a link.
  rmSync(join(worktree, 'outside'));
  const head = await gitIn(world, worktree, 'rev-parse', 'HEAD');
  const content = await gitIn(world, worktree, 'rev-parse', 'HEAD:README.md');
  writeFileSync(join(worktree, '.gitignore'), '*.txt\n');
  await gitIn(world, worktree, 'rm', '--quiet', '--cached', 'outside');
  for (const entry of [`160000,${head},outside/repository`, `100644,${content},outside/precious.txt`]) {
    await gitIn(world, worktree, 'update-index', '--add', '--cacheinfo', entry);
  }
  symlinkSync(outside, join(worktree, 'outside'));
  const outcome = succeeded(await world.kugetsu('start', REF, 'again'));
  expect((await verdictOf(world)).class).toBe('ok');
  expect(waysBack(outcome)).toHaveLength(1);
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  succeeded(await world.kugetsu('prune', '--force'));
  expect(readdirSync(outside).toSorted((a, b) => a.localeCompare(b))).toEqual(['precious.txt', 'repository']);
  expect(existsSync(join(outside, 'repository', '.git', 'HEAD'))).toBe(true);
});

test('a repository inside the worktree whose .git names one outside leaves that one as it is', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const worktree = worktreeOf(world);
  const outside = join(world.root, 'outside');
  await gitIn(world, world.root, 'init', '--quiet', outside);
  const config = readFileSync(join(outside, '.git', 'config'), 'utf8');
  mkdirSync(join(worktree, 'nested'));
  writeFileSync(join(worktree, 'nested', '.git'), `gitdir: ${join(outside, '.git')}\n`);
  // What makes kugetsu look after submodules.
  mkdirSync(join(repositoryOf(world), 'worktrees', 'forge.test-acme-demo-1', 'modules'));
  succeeded(await world.kugetsu('start', REF, 'again'));
  expect((await verdictOf(world)).class).toBe('ok');
  expect(readFileSync(join(outside, '.git', 'config'), 'utf8')).toBe(config);
});

test('submodules are not fetched, whatever their URL is', async () => {
  const world = await readyWorld();
  const marker = join(world.root, 'pwned');
  const urls = [
    `ext::sh -c touch% ${marker}`,
    `--upload-pack=touch ${marker}`,
    `file://${remoteOf(world)}`,
    `-u${marker}`,
  ];
  const modules = urls.map(
    (url, index) => `[submodule "m${index}"]\n\tpath = m${index}\n\turl = "${url}"\n\tupdate = "!touch ${marker}"\n`,
  );
  writeFileSync(join(checkoutOf(world), '.gitmodules'), modules.join(''));
  const head = await gitIn(world, checkoutOf(world), 'rev-parse', 'HEAD');
  await gitIn(world, checkoutOf(world), 'add', '--all');
  for (const index of urls.keys()) {
    await gitIn(world, checkoutOf(world), 'update-index', '--add', '--cacheinfo', `160000,${head},m${index}`);
  }
  await gitIn(world, checkoutOf(world), 'commit', '--quiet', '-m', 'Submodules');
  await gitIn(world, checkoutOf(world), 'push', '--quiet', remoteOf(world), 'HEAD:refs/heads/main');
  await gitIn(world, world.root, 'config', '--global', 'submodule.recurse', 'true');
  for (const message of ['hello', 'again']) succeeded(await world.kugetsu('start', REF, message, '--follow'));
  expect(existsSync(marker)).toBe(false);
  expect(readdirSync(join(worktreeOf(world), 'm2'))).toEqual([]);
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect(existsSync(marker)).toBe(false);
});

test('hooks, settings and filters that a repository brings along are files, and nothing more', async () => {
  const world = await readyWorld();
  const marker = join(world.root, 'pwned');
  const command = `touch ${marker}`;
  const checkout = checkoutOf(world);
  mkdirSync(join(checkout, '.husky'));
  mkdirSync(join(checkout, 'hooks'));
  for (const directory of ['.husky', 'hooks']) {
    writeFileSync(join(checkout, directory, 'post-checkout'), `#!/bin/sh\n${command}\n`);
    chmodSync(join(checkout, directory, 'post-checkout'), 0o755);
  }
  const config = `[core]\n\thooksPath = .husky\n\tfsmonitor = ${command}\n[filter "x"]\n\tsmudge = ${command}\n\tclean = ${command}\n`;
  for (const name of ['.gitconfig', 'config', 'gitconfig']) writeFileSync(join(checkout, name), config);
  writeFileSync(join(checkout, '.gitattributes'), '* filter=x diff=x merge=x\n');
  await publish(world);
  for (const message of ['hello', 'again']) succeeded(await world.kugetsu('start', REF, message, '--follow'));
  expect(existsSync(join(worktreeOf(world), '.gitconfig'))).toBe(true);
  expect(existsSync(marker)).toBe(false);
});

test.each([
  'ext::sh -c touch% pwned',
  '--upload-pack=touch pwned',
  '-oProxyCommand=touch pwned',
  'ssh://-oProxyCommand=touch%20pwned/x',
])('a clone URL %j runs nothing', async (url) => {
  const world = await readyWorld();
  mapRepositories(world, { [REPOSITORY]: url });
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^kugetsu: [^\n]+\n {2}[^\n]+\n$/);
  const found = await run(['find', world.root, '-name', 'pwned*'], { cwd: world.root, env: world.env });
  expect(found.stdout).toBe('');
});

test('a session file that names a directory or a repository outside the home gets nothing removed there', async () => {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const session = readJson(sessionFile(world)) as Record<string, unknown>;
  const outside = join(world.root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious.txt'), 'precious\n');
  for (const changes of [{ worktree_path: outside }, { repository: remoteOf(world), branch: 'main' }]) {
    writeFileSync(sessionFile(world), JSON.stringify({ ...session, ...changes }));
    const { code, stderr } = await world.kugetsu('destroy', REF, '-y');
    expect(stderr).toMatch(/^kugetsu: \S+ is outside \S+ and was not touched\n {2}[^\n]+\n$/);
    expect(code).toBe(1);
  }
  expect(readdirSync(outside)).toEqual(['precious.txt']);
  expect(existsSync(`${remoteOf(world)}.lock`)).toBe(false);
  expect(await gitIn(world, remoteOf(world), 'rev-parse', '--verify', 'refs/heads/main')).toMatch(/^[0-9a-f]{40}$/);
});
