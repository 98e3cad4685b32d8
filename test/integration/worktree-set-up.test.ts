import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import {
  furnishedWorld,
  listedIssue,
  makeReady,
  opencodeCalls,
  readJson,
  REF,
  REPOSITORY,
  repositoryOf,
  runOf,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { finishedTask } from '../support/queue-world.ts';
import { gitIn, processesOf, run, until, type World } from '../support/world.ts';
import { contextOf } from '../support/context-of.ts';
import { copyIgnored } from '../../src/domain/worktrees/copy-ignored.ts';

const IGNORED = '.env\n/node_modules/\n/cache/\n';

/** A ready world whose base session is in a checkout of the repository, which ignores some files. */
async function checkedOutWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  return furnishedWorld('checked-out', env, async (world) => {
    await makeReady(world);
    const pushing = join(world.root, 'checkouts', 'demo');
    writeFileSync(join(pushing, '.gitignore'), IGNORED);
    await gitIn(world, pushing, 'add', '--all');
    await gitIn(world, pushing, 'commit', '--quiet', '-m', 'Ignore what is made');
    await gitIn(world, pushing, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), 'main');
    await gitIn(world, world.project, 'init', '--quiet', '--initial-branch=main');
    await gitIn(world, world.project, 'remote', 'add', 'origin', join(world.root, 'remotes', 'demo.git'));
    await gitIn(world, world.project, 'pull', '--quiet', 'origin', 'main');
  });
}

function put(world: World, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(world.project, path)), { recursive: true });
    writeFileSync(join(world.project, path), text);
  }
}

const set = async (world: World, ...args: readonly string[]): Promise<unknown> =>
  succeeded(await world.kugetsu('repo', 'set', REPOSITORY, ...args));

async function start(world: World, message = 'fake: reply done'): Promise<unknown> {
  return succeeded(await world.kugetsu('start', REF, message, '--follow'));
}

const logOf = async (world: World): Promise<string> => readFileSync((await runOf(world)).log, 'utf8');

const inWorktree = (world: World, path: string): string => join(worktreeOf(world), path);

test('a new worktree gets the ignored files that copy and .worktreeinclude name, with modes and links, and no others', async () => {
  const world = await checkedOutWorld();
  put(world, {
    '.env': 'KEY=1\n',
    'node_modules/a/index.js': 'a\n',
    'node_modules/a/cli.js': '#!/bin/sh\n',
    'cache/big': 'x\n',
    'notes.txt': 'neither tracked nor ignored\n',
    '.worktreeinclude': '# what an agent needs\n/node_modules/\nnotes.txt\nREADME.md\n',
  });
  chmodSync(join(world.project, '.env'), 0o600);
  chmodSync(join(world.project, 'node_modules/a/cli.js'), 0o755);
  mkdirSync(join(world.project, 'node_modules/.bin'));
  symlinkSync('../a/cli.js', join(world.project, 'node_modules/.bin/relative'));
  symlinkSync(join(world.project, 'node_modules/a'), join(world.project, 'node_modules/absolute'));
  await set(world, 'copy', '.env');
  await start(world);
  expect(statSync(inWorktree(world, '.env')).mode & 0o777).toBe(0o600);
  expect(statSync(inWorktree(world, 'node_modules/a/cli.js')).mode & 0o777).toBe(0o755);
  expect(readlinkSync(inWorktree(world, 'node_modules/.bin/relative'))).toBe('../a/cli.js');
  // An absolute one would lead into the user's checkout.
  expect(readlinkSync(inWorktree(world, 'node_modules/absolute'))).toBe('a');
  for (const path of ['cache', 'notes.txt']) expect(existsSync(inWorktree(world, path))).toBe(false);
  expect((await verdictOf(world)).evidence).toMatchObject({ commits_ahead: 0, uncommitted_files: 0 });
  expect(await logOf(world)).toContain('"name":"files","note":"copied 5 files from ');
});

test('what is missing is a warning, and the agent works', async () => {
  const world = await checkedOutWorld();
  put(world, { '.env': 'KEY=1\n' });
  await set(world, 'copy', '.env', '.env.local');
  await start(world);
  expect(await logOf(world)).toContain('has no ignored file that \\".env.local\\" names');
  await set(world, 'checkout', '/no/such/directory');
  await start(world);
  expect(await logOf(world)).toContain('no file was copied: /no/such/directory is not the top of a git checkout');
  expect(existsSync(inWorktree(world, '.env'))).toBe(false);
});

test('a checkout with another origin gives nothing, unless it is named', async () => {
  const world = await checkedOutWorld();
  put(world, { '.env': 'KEY=1\n', '.worktreeinclude': '.env\n' });
  await gitIn(world, world.project, 'remote', 'set-url', 'origin', 'https://forge.test/other/repo.git');
  await start(world);
  expect(existsSync(inWorktree(world, '.env'))).toBe(false);
  await set(world, 'checkout', world.project);
  await start(world);
  expect(existsSync(inWorktree(world, '.env'))).toBe(true);
});

test('nothing is copied through a link that leaves the checkout, out of the home, or over what the branch has', async () => {
  const world = await checkedOutWorld();
  const outside = join(world.root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'not yours\n');
  put(world, { 'cache/real': 'x\n', '.worktreeinclude': '*\n' });
  symlinkSync(join(outside, 'secret'), join(world.project, 'cache', 'file'));
  symlinkSync(outside, join(world.project, 'cache', 'directory'));
  symlinkSync('../../outside/secret', join(world.project, 'cache', 'relative'));
  symlinkSync(join(world.project, 'cache', 'directory'), join(world.project, 'cache', 'chain'));
  symlinkSync('nowhere', join(world.project, 'cache', 'dead'));
  // The branch has a link, too, where the checkout has a directory.
  const pushing = join(world.root, 'checkouts', 'demo');
  symlinkSync(outside, join(pushing, 'node_modules'));
  await gitIn(world, pushing, 'add', '--force', 'node_modules');
  await gitIn(world, pushing, 'commit', '--quiet', '-m', 'Lead out');
  await gitIn(world, pushing, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), 'main');
  put(world, { 'node_modules/planted': 'through the link\n' });
  await start(world);
  expect(readFileSync(inWorktree(world, 'cache/real'), 'utf8')).toBe('x\n');
  for (const name of ['file', 'directory', 'relative', 'chain', 'dead']) {
    expect(lstatSync(inWorktree(world, `cache/${name}`), { throwIfNoEntry: false }), name).toBeUndefined();
  }
  expect(existsSync(join(outside, 'planted'))).toBe(false);
  const log = await logOf(world);
  expect(log).toContain('because a link leads out of the checkout, or nowhere');
  expect(log).toContain('because the worktree has it already: \\"node_modules\\"');
});

test.each([
  [['../outside/secret', '../outside/', '/../outside/*']],
  [['/etc/passwd', '/dev/zero', '~/.rc']],
  [['cache/../../outside/secret', '**/outside/**', ':/outside']],
  [['!/cache/', '\\', '[', '#']],
])('patterns that would lead out of the checkout name nothing there: %j', async (patterns) => {
  const world = await checkedOutWorld();
  mkdirSync(join(world.root, 'outside'));
  writeFileSync(join(world.root, 'outside', 'secret'), 'not yours\n');
  writeFileSync(join(world.userHome, '.rc'), 'not yours\n');
  put(world, { '.env': 'KEY=1\n', 'cache/a': 'x\n' });
  await set(world, 'copy', ...patterns, '.env');
  await start(world);
  expect(readFileSync(inWorktree(world, '.env'), 'utf8')).toBe('KEY=1\n');
  const found = await run(['grep', '-rl', 'not yours', worktreeOf(world)], { cwd: world.root, env: world.env });
  expect(found.stdout).toBe('');
  expect(readdirSync(worktreeOf(world)).toSorted()).toEqual([
    '.env',
    '.git',
    '.gitignore',
    'README.md',
    'greeting.txt',
  ]);
});

test('copying that takes long says how far it is', async () => {
  const world = await checkedOutWorld();
  put(world, Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`cache/f${number}`, 'x\n'])));
  const target = join(world.root, 'target');
  mkdirSync(target);
  const context = await contextOf(world);
  let now = 0;
  const notes: string[] = [];
  await copyIgnored(
    { ...context, clock: { ...context.clock, monotonic: () => (now += 500) } },
    { checkout: world.project, patterns: '/cache/', asked: [] },
    {
      worktree: target,
      signal: new AbortController().signal,
      onProgress: async (note) => void notes.push(note),
      warn: async () => undefined,
    },
  );
  expect(notes.length).toBeGreaterThan(3);
  expect(notes.every((note) => /^\d+ of 40 files copied \(\d+ %\)$/.test(note))).toBe(true);
  expect(readdirSync(join(target, 'cache'))).toHaveLength(40);
});

test('while the set-up runs the fork is made beside it', async () => {
  const world = await checkedOutWorld({ SETUP_TIMEOUT_MINUTES: '0.2' });
  const calls = join(world.userHome, '.local', 'share', 'fake-opencode', 'calls.jsonl');
  const before = opencodeCalls(world).filter(([command]) => command === 'import').length;
  // A fork that is made after it would never come.
  await set(world, 'setup', `until [ "$(grep -c '^."import"' '${calls}')" -gt ${before} ]; do sleep 0.1; done`);
  await start(world);
  expect(await verdictOf(world)).toMatchObject({ outcome: 'succeeded' });
});

test('a home inside of the checkout is not copied, and .worktreeinclude of what was pushed counts for nothing', async () => {
  const world = await checkedOutWorld();
  const pushing = join(world.root, 'checkouts', 'demo');
  writeFileSync(join(pushing, '.worktreeinclude'), '.env\n');
  await gitIn(world, pushing, 'add', '--all');
  await gitIn(world, pushing, 'commit', '--quiet', '-m', 'Ask for what is there');
  await gitIn(world, pushing, 'push', '--quiet', join(world.root, 'remotes', 'demo.git'), 'main');
  put(world, { '.env': 'KEY=1\n' });
  await start(world);
  expect(existsSync(inWorktree(world, '.env'))).toBe(false);
  // The user's home as a repository that ignores everything.
  await gitIn(world, world.userHome, 'init', '--quiet');
  writeFileSync(join(world.userHome, '.gitignore'), '*\n');
  writeFileSync(join(world.userHome, '.rc'), 'x\n');
  await set(world, 'checkout', world.userHome);
  await set(world, 'copy', '*');
  await start(world);
  expect(existsSync(inWorktree(world, '.rc'))).toBe(true);
  expect(existsSync(inWorktree(world, '.kugetsu'))).toBe(false);
});

test('set-up runs before the agent, with its environment, and what it leaves is neither evidence nor work', async () => {
  const world = await checkedOutWorld();
  put(world, { '.env': 'KEY=1\n' });
  await set(world, 'copy', '.env');
  const script = [
    'echo "$KUGETSU_ISSUE_REF $KUGETSU_BRANCH $KUGETSU_BASE_BRANCH" > cache.txt',
    'cat .env >> cache.txt; echo "$KUGETSU_RUN_ID" | grep -q ^r_ && test -d "$TMPDIR"',
    'mkdir made; echo x > made/a; echo changed >> README.md; rm greeting.txt; echo set up',
  ].join('\n');
  await set(world, 'setup', script);
  await start(world, 'fake: sh cat cache.txt');
  const verdict = await verdictOf(world);
  expect(verdict.reply).toContain(`${REF} fix/issue-1 main\nKEY=1`);
  expect(verdict.evidence).toMatchObject({ commits_ahead: 0, uncommitted_files: 0 });
  expect(await logOf(world)).toContain('"event":"output","text":"set up"');
  // Once per worktree.
  succeeded(await world.kugetsu('continue', REF, 'fake: sh echo more >> made/a; echo mine > new.txt', '--follow'));
  expect(await logOf(world)).not.toContain('set-up');
  expect((await verdictOf(world)).evidence).toMatchObject({ uncommitted_files: 2 });
  // Nothing but the work comes back.
  const { stderr } = succeeded(await world.kugetsu('destroy', REF, '-y'));
  const ref = /(refs\/kugetsu\/rescue\/\S+)/.exec(stderr)?.[1] ?? '';
  const saved = await gitIn(world, repositoryOf(world), '--git-dir=.', 'diff', '--name-only', 'main', ref).catch(
    async () =>
      gitIn(world, repositoryOf(world), '--git-dir=.', 'diff', '--name-only', 'refs/remotes/origin/main', ref),
  );
  expect(saved.split('\n')).toEqual(['made/a', 'new.txt']);
});

test('a worktree with nothing but what the set-up left is removed without a word', async () => {
  const world = await checkedOutWorld();
  await set(
    world,
    'setup',
    'echo x > left.txt; echo y >> README.md; git commit --quiet --allow-empty -m "Of the set-up"',
  );
  await start(world);
  expect((await verdictOf(world)).evidence).toMatchObject({ commits_ahead: 0, uncommitted_files: 0 });
  await set(world, 'setup', 'echo x > left.txt; echo y >> README.md');
  await start(world);
  const { stderr } = succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect(stderr).not.toContain('refs/kugetsu/rescue');
});

test('a set-up that fails starts no agent; the worktree stays, and continue sets it up again', async () => {
  const world = await checkedOutWorld();
  const flag = join(world.root, 'mended');
  await set(
    world,
    'setup',
    `echo tried > left.txt; echo "no lock file"; test -e '${flag}' || { echo "it is broken" >&2; exit 3; }`,
  );
  const failed = await world.kugetsu('start', REF, 'fake: reply done', '--follow');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('the set-up failed: exit code 3; it ended with: no lock file / it is broken');
  expect(failed.stderr).toContain(`kugetsu continue ${REF} MESSAGE`);
  const verdict = await verdictOf(world);
  expect(verdict).toMatchObject({ outcome: 'failed', class: 'setup_failed', retryable: true });
  expect(verdict.evidence).toMatchObject({ uncommitted_files: 0 });
  expect(existsSync(inWorktree(world, 'left.txt'))).toBe(true);
  expect(opencodeCalls(world).filter(([command]) => command === 'run').length).toBe(1);
  // What somebody does there meanwhile is work.
  writeFileSync(inWorktree(world, 'looked.txt'), 'a note\n');
  writeFileSync(flag, '');
  succeeded(await world.kugetsu('continue', REF, 'fake: reply done', '--follow'));
  expect((await verdictOf(world)).evidence).toMatchObject({ uncommitted_files: 1 });
});

test('continue --setup sets up again, and what the agent has changed stays its work', async () => {
  const world = await checkedOutWorld();
  await set(world, 'setup', 'echo once more >> made.txt; echo x >> mine.txt');
  await start(world, 'fake: sh echo of the agent > agent.txt; echo y >> mine.txt');
  expect((await verdictOf(world)).evidence).toMatchObject({ uncommitted_files: 2 });
  succeeded(await world.kugetsu('continue', REF, 'fake: reply done', '--setup', '--follow'));
  expect(readFileSync(inWorktree(world, 'made.txt'), 'utf8')).toBe('once more\nonce more\n');
  expect((await verdictOf(world)).evidence).toMatchObject({ uncommitted_files: 2 });
});

test('a task with --setup sets the worktree up again', async () => {
  const world = await checkedOutWorld();
  await set(world, 'setup', 'echo once more >> made.txt');
  await start(world);
  const task = succeeded(await world.kugetsu('queue', 'enqueue', REF, 'fake: reply done', '--setup')).stdout.trim();
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  expect(await finishedTask(world, task)).toMatchObject({ state: 'completed' });
  expect(readFileSync(inWorktree(world, 'made.txt'), 'utf8')).toBe('once more\nonce more\n');
});

// The set-up is ended after the grace that TERM gives.
test('a set-up that ignores TERM and leaves a daemon behind is ended when its time is over, or when it is stopped', async () => {
  const world = await checkedOutWorld({ SETUP_TIMEOUT_MINUTES: '0.01' });
  const stubborn =
    "trap '' TERM; (setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' &) ; while :; do sleep 1; done";
  await set(world, 'setup', stubborn);
  const late = await world.kugetsu('start', REF, 'fake: reply done', '--follow');
  expect(late.stderr).toContain('the set-up failed: it was not done after');
  expect(await verdictOf(world)).toMatchObject({ class: 'setup_failed' });
  await until('nothing is left', () => processesOf(world.root).length === 0);
  const { id: ended } = await runOf(world);
  const patient = world.withEnv({ SETUP_TIMEOUT_MINUTES: '0' });
  const started = patient.kugetsu('start', REF, 'fake: reply done', '--follow');
  await until('the set-up runs', async () => {
    const { id } = await runOf(world);
    return (
      id !== ended && (await logOf(world).catch(() => '')).includes('"name":"set-up","note":"running the set-up …"')
    );
  });
  succeeded(await world.kugetsu('stop', REF));
  await started;
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped' });
  await until('nothing is left', () => processesOf(world.root).length === 0);
});

test('a daemon that a set-up leaves behind works as long as the run, and not longer', async () => {
  const world = await checkedOutWorld();
  await set(world, 'setup', "(setsid sh -c 'echo up > cache.pid; while :; do echo noise; sleep 0.2; done' &)");
  await start(world, 'fake: sh until [ -e cache.pid ]; do sleep 0.1; done; cat cache.pid');
  expect((await verdictOf(world)).reply).toContain('up');
  await until('nothing is left', () => processesOf(world.root).length === 0);
});

// 100 MB go through a pipe.
test('a set-up may print 100 MB and a secret: the log stays small, and has no secret', async () => {
  const world = await checkedOutWorld();
  const secret = 'hunter2-Of-The-Forge';
  succeeded(await world.kugetsu('env', 'set', 'FORGE_TOKEN', secret));
  const noise = `head -c 50000000 /dev/zero | tr '\\0' 'x'; echo; yes "line $FORGE_TOKEN" | head -n 2000000`;
  await set(world, 'setup', `echo "begin $FORGE_TOKEN"; ${noise}; echo; echo "end $FORGE_TOKEN"; exit 1`);
  const failed = await world.kugetsu('start', REF, 'fake: reply done', '--follow');
  expect(failed.stderr).toContain('end [redacted]');
  const { log } = await runOf(world);
  expect(statSync(log).size).toBeLessThan(4 * 1024 * 1024);
  const text = readFileSync(log, 'utf8');
  expect(text).toContain('begin [redacted]');
  expect(text).toContain("of the set-up's output is not in this log");
  for (const said of [text, failed.stdout, failed.stderr, JSON.stringify(await listedIssue(world))]) {
    expect(said).not.toContain(secret);
  }
});

test('a repos.json with a mistake fails the start before anything is made', async () => {
  const world = await checkedOutWorld();
  await start(world, 'fake: sh echo mine > mine.txt');
  const repos = readJson(join(world.home, 'repos.json')) as Record<string, unknown>;
  writeFileSync(
    join(world.home, 'repos.json'),
    JSON.stringify({ ...repos, [REPOSITORY]: { url: repos[REPOSITORY], setup: 5 } }),
  );
  const failed = await world.kugetsu('start', REF, 'fake: reply done', '--follow');
  expect(failed.stderr).toContain(`${REPOSITORY}: setup must be text`);
  expect(existsSync(inWorktree(world, 'mine.txt'))).toBe(true);
});
