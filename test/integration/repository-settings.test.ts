import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, readJson, readyWorld, succeeded } from '../support/fake-world.ts';
import { run, type Outcome, type World } from '../support/world.ts';

const REPOSITORY = 'forge.test/acme/demo';

const fileOf = (world: World): string => join(world.home, 'repos.json');

async function kugetsuWith(world: World, input: string, ...args: readonly string[]): Promise<Outcome> {
  return run([...world.command, ...args], { cwd: world.project, env: world.env, input });
}

function write(world: World, text: string): void {
  mkdirSync(world.home, { recursive: true, mode: 0o700 });
  writeFileSync(fileOf(world), text, { mode: 0o600 });
}

test('settings of a repository are set, shown and removed, in a file of mode 0600', async () => {
  const world = fakeWorld();
  expect(await world.kugetsu('repo', 'set', REPOSITORY, 'setup', 'npm ci')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: `set setup of ${REPOSITORY} in ${fileOf(world)}\n`,
  });
  succeeded(await world.kugetsu('repo', 'set', REPOSITORY, 'copy', '.env', '/node_modules/'));
  succeeded(await world.kugetsu('repo', 'set', REPOSITORY, 'checkout', '.'));
  expect(readJson(fileOf(world))).toEqual({
    [REPOSITORY]: { setup: 'npm ci', copy: ['.env', '/node_modules/'], checkout: expect.stringMatching(/^\//) },
  });
  expect(statSync(fileOf(world)).mode & 0o777).toBe(0o600);
  expect((await world.kugetsu('repo', 'show', REPOSITORY, 'copy')).stdout).toBe('.env\n/node_modules/\n');
  expect((await world.kugetsu('repo', 'list')).stdout).toBe(`${REPOSITORY}\tcheckout, copy, setup\n`);
  expect(JSON.parse((await world.kugetsu('repo', 'show', REPOSITORY, 'setup', '--json')).stdout)).toEqual({
    repository: REPOSITORY,
    key: 'setup',
    value: 'npm ci',
    set_by: REPOSITORY,
  });
  expect((await world.kugetsu('repo', 'show', REPOSITORY)).stdout).toContain(`url\thttps://${REPOSITORY}.git\t-\n`);
  expect((await world.kugetsu('repo', 'unset', REPOSITORY, 'setup')).stderr).toBe(
    `removed setup of ${REPOSITORY} from ${fileOf(world)}\n`,
  );
  expect(await world.kugetsu('repo', 'show', REPOSITORY, 'setup')).toMatchObject({ code: 1, stdout: '' });
  succeeded(await world.kugetsu('repo', 'unset', REPOSITORY));
  expect(readJson(fileOf(world))).toEqual({});
});

test('what else is in the file stays: comments, keys of other programs, other repositories, indentation, a link', async () => {
  const world = fakeWorld();
  const text = `{
\t"//": "mine",
\t"forge.test/acme demo": { "url": "https://me:s3cr3t@forge.test/acme/demo.git", "team": { "lead": "ann" } },
\t"forge.test/acme/other": "/srv/other.git"
}
`;
  write(world, '{}');
  const elsewhere = join(world.root, 'dotfiles.json');
  writeFileSync(elsewhere, text);
  const linked = fakeWorld();
  mkdirSync(linked.home, { recursive: true });
  symlinkSync(elsewhere, fileOf(linked));
  succeeded(await linked.kugetsu('repo', 'set', 'Forge.Test/acme/demo', 'base_branch', 'develop'));
  expect(readFileSync(elsewhere, 'utf8')).toBe(
    text
      .replace('"team": { "lead": "ann" } }', 'TEAM')
      .replace(
        /\{ "url": ("[^"]*"), TEAM/,
        '{\n\t\t"url": $1,\n\t\t"team": {\n\t\t\t"lead": "ann"\n\t\t},\n\t\t"base_branch": "develop"\n\t}',
      ),
  );
  const { stdout } = await linked.kugetsu('repo', 'list', '--json');
  expect(stdout).not.toContain('s3cr3t');
  expect(JSON.parse(stdout)).toMatchObject([
    { repository: REPOSITORY, others: ['team'] },
    { repository: 'forge.test/acme/other' },
  ]);
  succeeded(await linked.kugetsu('repo', 'set', 'forge.test/acme/other', 'check', 'make test'));
  expect(readJson(elsewhere)).toMatchObject({ 'forge.test/acme/other': { url: '/srv/other.git', check: 'make test' } });
});

test('a value of several lines, and patterns, are read from standard input', async () => {
  const world = fakeWorld();
  succeeded(await kugetsuWith(world, 'npm ci\nnpm run build\n', 'repo', 'set', REPOSITORY, 'setup', '-'));
  succeeded(await kugetsuWith(world, '.env\n\n*.local\n', 'repo', 'set', REPOSITORY, 'copy', '-'));
  expect(readJson(fileOf(world))).toEqual({
    [REPOSITORY]: { setup: 'npm ci\nnpm run build', copy: ['.env', '*.local'] },
  });
});

test.each([
  [['set', 'acme', 'setup', 'true'], 'not a repository: "acme"'],
  [['set', 'acme/demo', 'setup', 'true'], 'not a repository: "acme/demo"'],
  [['set', REPOSITORY, 'chek', 'true'], 'did you mean check?'],
  [['set', REPOSITORY, 'zzzzzz', 'true'], 'the settings are url, checkout, copy'],
  [['set', REPOSITORY, 'setup'], 'setup needs a value'],
  [['set', REPOSITORY, 'copy'], 'copy needs a value'],
  [['set', REPOSITORY, 'setup', 'npm', 'ci'], 'put quotes around it'],
  [['set', REPOSITORY, 'setup', ' '], 'must not be empty'],
  [['set', REPOSITORY, 'done_when', 'merged'], 'must be replied, committed or pushed'],
  [['set', REPOSITORY, 'branch_prefix', 'a..b'], 'git-check-ref-format'],
  [['set', REPOSITORY, 'url', 'ssh://me:x@h/r'], 'the clone URL is not usable'],
  [['unset', REPOSITORY, 'chek'], 'did you mean check?'],
])('kugetsu repo %j is refused with exit code 2, and the file stays as it is', async (args, says) => {
  const world = fakeWorld();
  const text = '{"forge.test/acme/other":{"setup":"true"}}';
  write(world, text);
  const { code, stdout, stderr } = await world.kugetsu('repo', ...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
  expect(readFileSync(fileOf(world), 'utf8')).toBe(text);
});

// A run, and a doctor that asks opencode.
test('a key that means nothing is named by start and doctor, holds everything up, and can be removed', async () => {
  const world = await readyWorld();
  const repos = readJson(fileOf(world)) as Record<string, unknown>;
  write(world, JSON.stringify({ ...repos, 'forge.test/acme': { setup: 'true' } }));
  const refused = await world.kugetsu('start', 'forge.test/acme/demo#1', 'fake: reply done', '--follow');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('the key "forge.test/acme" names no server');
  expect(refused.stderr).toContain('kugetsu repo unset forge.test/acme');
  const doctor = await world.kugetsu('doctor', '--no-model');
  expect(doctor).toMatchObject({ code: 1 });
  expect(doctor.stdout).toContain('the key "forge.test/acme" names no server');
  succeeded(await world.kugetsu('repo', 'unset', 'forge.test/acme'));
  succeeded(await world.kugetsu('start', 'forge.test/acme/demo#1', 'fake: reply done', '--follow'));
});

// A run, and a doctor that asks opencode.
test('a value that can mean nothing is named, and holds up its repository only', async () => {
  const world = await readyWorld();
  const repos = readJson(fileOf(world)) as Record<string, unknown>;
  write(
    world,
    JSON.stringify({ ...repos, 'forge.test/acme/other': { chek: 'true', done_when: 'soon', checkout: '/no/such' } }),
  );
  succeeded(await world.kugetsu('start', 'forge.test/acme/demo#1', 'fake: reply done', '--follow'));
  const refused = await world.kugetsu('start', 'forge.test/acme/other#1', 'x');
  expect(refused.stderr).toContain('forge.test/acme/other: done_when must be replied, committed or pushed');
  const doctor = await world.kugetsu('doctor', '--no-model');
  for (const said of [
    'done_when must be',
    'chek is no setting of a repository; did you mean check?',
    'checkout /no/such is not there',
  ]) {
    expect(doctor.stdout).toContain(said);
  }
  expect(await world.kugetsu('repo', 'list')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('forge.test/acme/other\tcheckout, done_when (wrong), chek (wrong)\n'),
  });
  succeeded(await world.kugetsu('repo', 'unset', 'forge.test/acme/other', 'chek'));
  succeeded(await world.kugetsu('repo', 'set', 'forge.test/acme/other', 'done_when', 'pushed'));
  succeeded(await world.kugetsu('repo', 'list'));
});
