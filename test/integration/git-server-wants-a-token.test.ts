import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { listed, readyWorld, repositoryOf, runOf, succeeded, verdictOf } from '../support/fake-world.ts';
import { serveGit, type HttpGitServer } from '../support/http-git-server.ts';
import { gitIn, makeRemote, mapRepositories, processesOf, type Outcome, type World } from '../support/world.ts';

const TOKEN = 't0ken/With+Signs%$"\'x';
const REF = 'forge/acme/demo#1';
const CANONICAL = '127.0.0.1/acme/demo#1';
const PUSH =
  'fake: sh echo work > work.txt && git add . && git commit -qm Work && git push -q origin HEAD && echo pushed';

interface Forge {
  readonly world: World;
  readonly server: HttpGitServer;
  /** The bare repository acme/demo behind the server. */
  readonly remote: string;
}

/** A world with a server `forge` on a port and under a path that lets in only who has the token. */
async function forgeWorld(expected: string | undefined = `oauth2:${TOKEN}`): Promise<Forge> {
  const world = await readyWorld();
  const remote = await makeRemote(world, 'acme/demo', { 'README.md': '# demo\n' });
  const server = await serveGit({ root: join(world.root, 'remotes'), prefix: '/git', expected });
  succeeded(await world.kugetsu('server', 'add', 'forge', server.url));
  return { world, server, remote };
}

function setVariable(world: World, key: string, value: string, agent = 'default'): void {
  mkdirSync(join(world.home, 'env'), { recursive: true, mode: 0o700 });
  writeFileSync(join(world.home, 'env', `${agent}.env`), `${key}='${value.replaceAll("'", `'\\''`)}'\n`, {
    mode: 0o600,
  });
}

/** The files under `directory` that have this text in them. */
function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text))
    .map((path) => relative(directory, path));
}

/** Records the command lines: of every git and what it starts, and of all processes of the world during each request. */
async function recordCommandLines({ world, server }: Pick<Forge, 'world' | 'server'>): Promise<() => string[]> {
  const seen: string[] = [];
  const trace = join(world.root, 'trace');
  await gitIn(world, world.root, 'config', '--global', 'trace2.eventTarget', trace);
  server.onRequest = () => seen.push(...processesOf(world.root).map(({ command }) => command));
  return () => [...seen, ...readFileSync(trace, 'utf8').split('\n')];
}

const branches = async (world: World, remote: string): Promise<string> =>
  gitIn(world, remote, 'for-each-ref', '--format=%(refname:short)', 'refs/heads');

function expectRefusal({ code, stderr }: Outcome, hint: string): void {
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^kugetsu: [^\n]*cannot (?:clone|fetch) http:\/\/127\.0\.0\.1:\d+\/git\/acme\/demo\.git: no access\n/,
  );
  expect(stderr.split('\n')[1]).toContain(hint);
}

test('with the token the head of a pull request is fetched, and its branch pushed; the token is on no command line', async () => {
  const { world, server, remote } = await forgeWorld();
  setVariable(world, 'FORGE_TOKEN', TOKEN);
  const commandLines = await recordCommandLines({ world, server });
  const head = await gitIn(world, remote, 'commit-tree', 'main^{tree}', '-p', 'main', '-m', 'Somebodys');
  for (const ref of ['refs/pull/92/head', 'refs/heads/feature-x']) await gitIn(world, remote, 'update-ref', ref, head);
  const { stdout } = succeeded(await world.kugetsu('start', REF, PUSH, '--pr', '92', '--follow'));
  expect(stdout).toContain('pull request 92');
  expect(await gitIn(world, remote, 'rev-parse', 'feature-x~1')).toBe(head);
  expect(await branches(world, remote)).toBe('feature-x\nmain');
  expect(commandLines().filter((line) => line.includes(TOKEN))).toEqual([]);
});

test('with the token of the agent environment kugetsu clones and fetches, and the agent pushes and fetches', async () => {
  const { world, server, remote } = await forgeWorld();
  setVariable(world, 'FORGE_TOKEN', TOKEN);
  const commandLines = await recordCommandLines({ world, server });
  const { stdout } = succeeded(await world.kugetsu('start', REF, PUSH, '--follow'));
  expect(stdout).toContain('It printed: pushed');
  expect(await branches(world, remote)).toBe('fix/issue-1\nmain');
  succeeded(await world.kugetsu('continue', CANONICAL, 'fake: sh git fetch -q origin && echo fetched', '--follow'));
  succeeded(await world.kugetsu('start', CANONICAL, 'hello', '--follow'));
  expect((await listed(world)).filter(({ type }) => type === 'forked').map(({ issue_ref }) => issue_ref)).toEqual([
    CANONICAL,
  ]);
  expect((await verdictOf(world, CANONICAL)).class).toBe('ok');
  const services = server.requests.filter(({ authorization }) => authorization !== undefined).map(({ path }) => path);
  expect(services.some((path) => path.includes('git-upload-pack'))).toBe(true);
  expect(services.some((path) => path.includes('git-receive-pack'))).toBe(true);
  const lines = commandLines();
  expect(lines.some((line) => /git[ -]remote-http/.test(line))).toBe(true);
  expect(lines.some((line) => line.includes('FORGE_TOKEN'))).toBe(true);
  expect(lines.filter((line) => line.includes(TOKEN.slice(0, 6)))).toEqual([]);
  expect(filesWith(world.userHome, TOKEN.slice(0, 6))).toEqual(['.kugetsu/env/default.env']);
});

test('without a token, and with a wrong one, it says which key of which server to set', async () => {
  const { world, server } = await forgeWorld();
  expectRefusal(await world.kugetsu('start', REF, 'hello'), 'kugetsu env set FORGE_TOKEN -');
  expect(await verdictOf(world, CANONICAL)).toMatchObject({ class: 'repository_no_access', retryable: false });
  setVariable(world, 'FORGE_TOKEN', 'wrong');
  expectRefusal(await world.kugetsu('start', REF, 'hello'), 'FORGE_TOKEN was refused');
  server.refusal = 403;
  expectRefusal(await world.kugetsu('start', REF, 'hello'), 'FORGE_TOKEN was refused');
  setVariable(world, 'FORGE_TOKEN', TOKEN);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  server.expected = 'oauth2:another';
  expectRefusal(await world.kugetsu('start', REF, 'hello'), 'FORGE_TOKEN was refused');
  const push = await world.kugetsu('continue', REF, 'fake: sh git push origin HEAD 2>&1; echo "rc $?"', '--follow');
  expect(push.stdout).toMatch(/rc [1-9]/);
});

test('a host that has no name yet is told how to get one', async () => {
  const { world } = await forgeWorld();
  const { port } = await serveGit({ root: join(world.root, 'remotes'), expected: 'a:b' });
  mapRepositories(world, { 'elsewhere.test/acme/demo': `http://127.0.0.1:${port}/acme/demo.git` });
  const { stderr } = await world.kugetsu('start', 'elsewhere.test/acme/demo#1', 'hello');
  expect(stderr).toContain(`kugetsu server add NAME http://127.0.0.1:${port}`);
});

test("a token goes to its server only: not where that redirects to, and not where a repository's submodule is", async () => {
  const { world, server } = await forgeWorld();
  setVariable(world, 'FORGE_TOKEN', TOKEN);
  const stranger = await serveGit({ root: join(world.root, 'remotes'), expected: 'nobody:knows' });
  const clone = `git clone -q ${stranger.url}/acme/demo.git there; git clone -q http://127.0.0.1:${server.port}/other/demo.git too`;
  const seen = await world.kugetsu('start', REF, `fake: sh ${clone}; git remote get-url origin`, '--follow');
  expect(succeeded(seen).stdout).toContain(`${server.url}/acme/demo.git`);
  const outside = server.requests.filter(({ path }) => path.startsWith('/other'));
  server.redirect = stranger.url;
  expect((await world.kugetsu('start', REF, 'hello')).code).toBe(1);
  expect(stranger.requests.length).toBeGreaterThan(1);
  expect([...stranger.requests, ...outside].filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  expect(outside.length).toBeGreaterThan(0);
});

test('credentials in a URL of repos.json are used, and kept out of the repository and of command lines', async () => {
  const { world, server, remote } = await forgeWorld('robot:s3cr3t/@x');
  const repository = 'forge.test/acme/demo';
  const address = `127.0.0.1:${server.port}/git/acme/demo.git`;
  mapRepositories(world, { [repository]: `http://robot:s3cr3t%2F%40x@${address}` });
  const commandLines = await recordCommandLines({ world, server });
  const { stdout } = succeeded(
    await world.kugetsu('start', `${repository}#1`, `${PUSH}; env | grep ^KUGETSU_CRED; git config -l`, '--follow'),
  );
  expect(stdout).toContain('KUGETSU_CREDENTIAL_PASSWORD=');
  expect(stdout).not.toContain('s3cr3t');
  expect(await branches(world, remote)).toBe('fix/issue-1\nmain');
  expect(commandLines().filter((line) => line.includes('s3cr3t') || line.includes('robot'))).toEqual([]);
  // What the agent printed is in opencode's own store, too.
  expect(filesWith(world.home, 's3cr3t')).toEqual(['repos.json']);
  await gitIn(world, repositoryOf(world, repository), 'config', 'remote.origin.url', `http://robot:s3cr3t@${address}`);
  succeeded(await world.kugetsu('start', `${repository}#1`, 'hello', '--follow'));
  expect(await gitIn(world, repositoryOf(world, repository), 'config', 'remote.origin.url')).toBe(`http://${address}`);
  server.expected = 'robot:new';
  const refused = await world.kugetsu('start', `${repository}#1`, 'hello');
  expect(refused.stderr).toContain('correct the credentials in its URL in repos.json');
  expect(refused.stderr).not.toContain('s3cr3t');
});

test("a token that is a URL's user works, and so does a user beside a token of the environment", async () => {
  const { world, server } = await forgeWorld('t0k-user:');
  const repository = 'forge.test/acme/demo';
  const address = `127.0.0.1:${server.port}/git/acme/demo.git`;
  mapRepositories(world, { [repository]: `http://t0k-user@${address}` });
  const commandLines = await recordCommandLines({ world, server });
  succeeded(await world.kugetsu('start', `${repository}#1`, 'hello', '--follow'));
  expect(commandLines().filter((line) => line.includes('t0k-user'))).toEqual([]);
  setVariable(world, 'FORGE_TOKEN', TOKEN);
  server.expected = `t0k-user:${TOKEN}`;
  succeeded(await world.kugetsu('start', `${repository}#1`, 'hello', '--follow'));
});

test("a user's own credential helper answers where there is no token, and is not told one", async () => {
  const { world, server } = await forgeWorld('me:mine');
  const stored = join(world.userHome, '.git-credentials');
  await gitIn(world, world.root, 'config', '--global', 'credential.helper', 'store');
  writeFileSync(stored, `http://me:mine@127.0.0.1%3a${server.port}\n`);
  succeeded(await world.kugetsu('start', REF, PUSH, '--follow'));
  const before = readFileSync(stored, 'utf8');
  setVariable(world, 'FORGE_TOKEN', TOKEN);
  server.expected = `oauth2:${TOKEN}`;
  succeeded(await world.kugetsu('start', REF, PUSH, '--follow'));
  expect(readFileSync(stored, 'utf8')).toBe(before);
  expect(existsSync(join(world.userHome, '.config', 'git', 'credentials'))).toBe(false);
});

test("the user's own configuration of git in the environment reaches the agent beside the token", async () => {
  const { world } = await forgeWorld();
  const configured = world.withEnv({
    FORGE_TOKEN: TOKEN,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'user.nickname',
    GIT_CONFIG_VALUE_0: 'robin',
  });
  const { stdout } = succeeded(await configured.kugetsu('start', REF, `${PUSH}; git config user.nickname`, '--follow'));
  expect(stdout).toMatch(/pushed\s+robin/);
});

test('an agent that is not let in fails at once, and asks nobody', async () => {
  const { world, server } = await forgeWorld();
  setVariable(world, 'FORGE_TOKEN', TOKEN);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  setVariable(world, 'OTHER_TOKEN', TOKEN);
  const { stdout } = await world.kugetsu('continue', REF, 'fake: sh git push origin HEAD 2>&1', '--follow');
  expect(stdout).toContain('terminal prompts disabled');
  expect(server.requests.at(-1)?.authorization).toBeUndefined();
  expect((await runOf(world, CANONICAL)).phase).toBe('ended');
});
