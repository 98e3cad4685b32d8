// Slow: a server of large files, and a start for each state of git-lfs.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { debianTools } from '../support/debian-tools.ts';
import {
  issue,
  readyWorld,
  REF,
  REPOSITORY,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { serveGit } from '../support/http-git-server.ts';
import { lfsStore, serveLfs, storeObject, type LfsStore } from '../support/lfs-server.ts';
import { gitIn, mapRepositories, run, type World } from '../support/world.ts';

const TREE = debianTools(['git-lfs']);
const CONTENT = 'what is large\n';
const ATTRIBUTES = '*.bin filter=lfs diff=lfs merge=lfs -text\n';

/** Puts git-lfs on the PATH of a world, and sets the user's git up for it. */
async function withLfs(world: World, ...options: readonly string[]): Promise<World> {
  const found = TREE === undefined ? '/usr/bin/git-lfs' : join(TREE, 'usr', 'bin', 'git-lfs');
  const bin = join(world.root, 'lfs-bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(found, join(bin, 'git-lfs'));
  const able = world.withEnv({ PATH: `${bin}${delimiter}${world.env['PATH'] ?? ''}` });
  await gitIn(able, world.root, 'lfs', 'install', '--skip-repo', ...options);
  return able;
}

/** Commits files to the repository, as they are: without a filter. */
async function push(world: World, files: Readonly<Record<string, string>>): Promise<void> {
  const checkout = join(world.root, 'checkouts', 'demo');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(checkout, name), text);
  const plain = ['-c', 'filter.lfs.process=', '-c', 'filter.lfs.clean=cat', '-c', 'filter.lfs.required=false'];
  await gitIn(world, checkout, ...plain, 'add', '--all');
  await gitIn(world, checkout, 'commit', '--quiet', '-m', 'Large');
  await gitIn(world, checkout, '-c', 'core.hooksPath=/dev/null', 'push', '--quiet', remoteOf(world), 'main');
}

const remoteOf = (world: World): string => join(world.root, 'remotes', 'demo.git');

/** Puts the objects of a store where a repository on this machine has its own. */
function putLocally(world: World, store: LfsStore): void {
  for (const [oid, bytes] of store.objects) {
    const directory = join(remoteOf(world), 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4));
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, oid), bytes);
  }
}

const large = (world: World, ref = REF): string => readFileSync(join(worktreeOf(world, ref), 'large.bin'), 'utf8');

test('files come from a repository on this machine, by its path and by its URL', async () => {
  const world = await withLfs(await readyWorld());
  const store = lfsStore();
  await push(world, { '.gitattributes': ATTRIBUTES, 'large.bin': storeObject(store, CONTENT) });
  putLocally(world, store);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(large(world)).toBe(CONTENT);
  expect(await gitIn(world, worktreeOf(world), 'status', '--porcelain')).toBe('');
  rmSync(join(world.home, 'repos'), { recursive: true });
  mapRepositories(world, { [REPOSITORY]: `file://${remoteOf(world)}` });
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(large(world, issue(2))).toBe(CONTENT);
});

test('files come from the server with the token of the agent environment, and the agent pushes others there', async () => {
  const world = await withLfs(await readyWorld());
  const login = 'oauth2:t0ken-of-the-forge';
  const lfs = lfsStore(login);
  await push(world, { '.gitattributes': ATTRIBUTES, 'large.bin': storeObject(lfs, CONTENT) });
  const server = await serveGit({ root: join(world.root, 'remotes'), prefix: '/git', expected: login, lfs });
  mapRepositories(world, { [REPOSITORY]: `${server.url}/demo.git` });
  succeeded(await world.kugetsu('server', 'add', 'forge', server.url));
  const refused = await world.kugetsu('start', REF, 'hello');
  expect(refused.stderr).toContain('no access');
  succeeded(await world.kugetsu('env', 'set', 'FORGE_TOKEN', 't0ken-of-the-forge'));
  const work =
    'echo new > new.bin && git add . && git commit -qm New && git push -q origin HEAD && echo "it is" pushed';
  const { stdout } = succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  expect(large(world)).toBe(CONTENT);
  // A push that takes a moment has its progress before that.
  expect(stdout).toContain('it is pushed');
  expect([...lfs.objects.values()].map(String)).toEqual([CONTENT, 'new\n']);
  // git-lfs asks without credentials first.
  expect(new Set(lfs.requests.map((request) => request.login))).toEqual(new Set([undefined, login]));
});

test('lfs.url of the repository and of the user is used, and what is wrong there is said', async () => {
  const plain = await readyWorld();
  const world = await withLfs(plain);
  const [repositorys, users] = [lfsStore(), lfsStore('me:secret')];
  const pointer = storeObject(repositorys, CONTENT);
  storeObject(users, CONTENT);
  const url = await serveLfs(repositorys);
  // What comes before .lfsconfig in the tree is fetched with it, too.
  await push(world, {
    '.a.bin': pointer,
    '.gitattributes': ATTRIBUTES,
    '.lfsconfig': `[lfs]\n\turl = ${url}\n`,
    'large.bin': pointer,
  });
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(large(world)).toBe(CONTENT);
  expect(repositorys.requests.length).toBeGreaterThan(0);

  repositorys.objects.clear();
  rmSync(join(world.home, 'repos'), { recursive: true });
  const lost = await world.kugetsu('start', issue(2), 'hello');
  expect(lost.stderr).toContain('the Git LFS server does not have a file of this repository');
  expect(await verdictOf(world, issue(2))).toMatchObject({ class: 'lfs_object_missing', retryable: false });
  expect(existsSync(worktreeOf(world, issue(2)))).toBe(false);

  const own = await serveLfs(users);
  await gitIn(world, world.root, 'config', '--global', 'lfs.url', own);
  const refused = await world.kugetsu('start', issue(2), 'hello');
  expect(refused.stderr).toContain('the Git LFS server gives no access');
  expect((await verdictOf(world, issue(2))).class).toBe('lfs_no_access');
  const helper = '!f() { test "$1" = get && echo username=me && echo password=secret; }; f';
  await gitIn(world, world.root, 'config', '--global', 'credential.helper', helper);
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(large(world, issue(2))).toBe(CONTENT);
});

test('files stay pointers where the user wants that, and what an agent leaves in one is saved whole', async () => {
  const world = await withLfs(await readyWorld(), '--skip-smudge');
  const store = lfsStore();
  const pointer = storeObject(store, CONTENT);
  await push(world, { '.gitattributes': ATTRIBUTES, 'large.bin': pointer });
  const work = "sh printf 'precious\\n' > large.bin";
  const { stdout } = succeeded(await world.kugetsu('start', REF, `fake: ${work}`, '--follow'));
  expect(stdout).not.toContain('pointers');
  const [way = ''] = waysBack(succeeded(await world.kugetsu('start', REF, 'again')));
  await verdictOf(world);
  expect(large(world)).toBe(pointer);
  const back = await run(['sh', '-c', way], { cwd: world.root, env: world.env });
  expect(back.code).toBe(0);
  const directory = / --detach (\S+)/.exec(way)?.[1] ?? '';
  expect(readFileSync(join(directory, 'large.bin'), 'utf8')).toBe('precious\n');

  // The variable does the same as the setting, in kugetsu's environment and in the agents'.
  await gitIn(world, world.root, 'lfs', 'install', '--skip-repo', '--force');
  succeeded(await world.withEnv({ GIT_LFS_SKIP_SMUDGE: '1' }).kugetsu('start', REF, 'again', '--follow'));
  expect(large(world)).toBe(pointer);
  succeeded(await world.kugetsu('env', 'set', 'GIT_LFS_SKIP_SMUDGE', '1'));
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
  expect(large(world)).toBe(pointer);
});

test('without git-lfs it says so: as a failure where git is set up for it, as a warning where it is not', async () => {
  const plain = await readyWorld();
  await push(plain, { '.gitattributes': ATTRIBUTES, 'large.bin': storeObject(lfsStore(), CONTENT) });
  const missing = 'this repository uses Git LFS and git-lfs is not installed';
  const without = succeeded(await plain.kugetsu('start', issue(1), 'hello', '--follow'));
  expect(without.stdout).toContain(`${missing}: its files are left as pointers`);
  const able = await withLfs(plain);
  const { code, stderr } = await plain.kugetsu('start', REF, 'hello');
  expect(code).toBe(1);
  // The work that is there cannot be saved, and stays; a new worktree cannot be filled.
  expect(stderr).toContain(`kugetsu: ${REF}: ${missing}\n  install git-lfs`);
  expect(await verdictOf(plain)).toMatchObject({ class: 'lfs_missing', retryable: false });
  expect(existsSync(worktreeOf(plain))).toBe(true);
  expect((await plain.kugetsu('start', issue(2), 'hello')).stderr).toContain(`kugetsu: ${issue(2)}: ${missing}\n`);
  await gitIn(able, plain.root, 'lfs', 'uninstall', '--skip-repo');
  const unset = succeeded(await able.kugetsu('start', issue(3), 'hello', '--follow'));
  expect(unset.stdout).toContain('run: git lfs install');
});
