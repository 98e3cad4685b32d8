import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  listed,
  listedIssue,
  readJson,
  readyWorld,
  fakeWorld,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { makeRemote, type World } from '../support/world.ts';

/** A world with a server `local` that is a directory with the repository acme/demo. */
async function worldWithServer(): Promise<World> {
  const world = await readyWorld();
  await makeRemote(world, 'acme/demo', { 'README.md': '# demo\n' });
  succeeded(await world.kugetsu('server', 'add', 'local', join(world.root, 'remotes')));
  return world;
}

test('servers are added, shown, made the default and removed', async () => {
  const world = fakeWorld({ GITHUB_TOKEN: 'x' });
  succeeded(await world.kugetsu('server', 'add', 'github', 'https://github.com/'));
  succeeded(await world.kugetsu('server', 'add', 'Work', 'https://git.example.com:3000/gitea'));
  expect((await world.kugetsu('server', 'list')).stdout).toBe(
    'github\thttps://github.com\tgithub.com/owner/repo#1\t-\tGITHUB_TOKEN\nwork\thttps://git.example.com:3000/gitea\tgit.example.com/owner/repo#1\t-\t-\n',
  );
  expect(await world.kugetsu('server', 'default')).toMatchObject({ code: 1, stdout: '' });
  succeeded(await world.kugetsu('server', 'default', 'GitHub'));
  expect(await world.kugetsu('server', 'default')).toMatchObject({ code: 0, stdout: 'github\n' });
  expect((await world.kugetsu('server', 'get', 'work')).stdout).toBe('https://git.example.com:3000/gitea\n');
  expect(JSON.parse((await world.kugetsu('server', 'get', 'github', '--json')).stdout)).toEqual({
    name: 'github',
    url: 'https://github.com',
    instance: 'github.com',
    default: true,
    token_variable: 'GITHUB_TOKEN',
  });
  expect((await world.kugetsu('server', 'remove', 'github')).stderr).toBe(
    'removed github; it was the default: there is none now\n',
  );
  expect(readJson(join(world.home, 'servers.json'))).toEqual({
    default: null,
    servers: { work: { url: 'https://git.example.com:3000/gitea' } },
  });
  expect(statSync(join(world.home, 'servers.json')).mode & 0o777).toBe(0o600);
});

test('a name that is there already keeps its URL, unless --force is given', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('server', 'add', 'work', 'https://one.example'));
  succeeded(await world.kugetsu('server', 'add', 'work', 'https://one.example'));
  const path = join(world.home, 'servers.json');
  writeFileSync(
    path,
    JSON.stringify({ default: 'work', note: 1, servers: { work: { url: 'https://one.example', note: 2 } } }),
  );
  const refused = await world.kugetsu('server', 'add', 'WORK', 'https://two.example');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^kugetsu: [^\n]*https:\/\/one\.example\n {2}[^\n]*--force/);
  succeeded(await world.kugetsu('server', 'add', 'WORK', 'https://two.example', '--force'));
  expect(readJson(path)).toEqual({
    default: 'work',
    note: 1,
    servers: { work: { url: 'https://two.example', note: 2 } },
  });
});

test('what is no server, no name or no URL is refused with a hint', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('server', 'add', 'github', 'https://github.com'));
  const before = readFileSync(join(world.home, 'servers.json'), 'utf8');
  for (const command of [
    ['get', 'githb'],
    ['remove', 'githb'],
    ['default', 'githb'],
  ]) {
    const { code, stdout, stderr } = await world.kugetsu('server', ...command);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'kugetsu: there is no server "githb"\n  did you mean github?\n',
    });
  }
  for (const name of ['', 'a/b', 'a b', '.', '__proto__', '-x', 'a#b', 'x'.repeat(64)]) {
    expect((await world.kugetsu('server', 'add', '--', name, 'https://host')).code).toBe(2);
  }
  const withToken = await world.kugetsu('server', 'add', 'work', 'https://robot:s3cr3t@host');
  expect(withToken.code).toBe(2);
  expect(withToken.stderr).toContain('kugetsu env set');
  expect(withToken.stderr).not.toContain('s3cr3t');
  expect(readFileSync(join(world.home, 'servers.json'), 'utf8')).toBe(before);
});

test('a server that is named in a ref is where the repository is cloned from', async () => {
  const world = await worldWithServer();
  succeeded(await world.kugetsu('start', 'local/acme/demo#7', 'hello', '--follow'));
  expect((await verdictOf(world, 'local/acme/demo#7')).class).toBe('ok');
});

test('with a default server a ref needs none, in every command that takes one', async () => {
  const world = await worldWithServer();
  const short = 'acme/demo#7';
  const without = await world.kugetsu('start', short, 'hello');
  expect(without.code).toBe(2);
  expect(without.stderr).toContain('kugetsu server default NAME');
  succeeded(await world.kugetsu('server', 'default', 'local'));
  succeeded(await world.kugetsu('start', short, 'hello', '--follow'));
  const full = 'local/acme/demo#7';
  expect((await listed(world)).map(({ issue_ref }) => issue_ref)).toContain(full);
  succeeded(await world.kugetsu('continue', short, 'fake: stall'));
  succeeded(await world.kugetsu('stop', short));
  expect((await world.kugetsu('logs', short)).stdout).toBe((await world.kugetsu('logs', full)).stdout);
  const item: unknown = JSON.parse((await world.kugetsu('queue', 'enqueue', short, 'more', '--json')).stdout);
  expect(item).toMatchObject({ issue_ref: full });
  const sent = await world.kugetsu('notify', 'send', 'hello', '--issue-ref', short, '--json');
  expect(JSON.parse(sent.stdout)).toMatchObject({ issue_ref: full });
  succeeded(await world.kugetsu('destroy', short, '-y'));
  expect((await listed(world)).map(({ issue_ref }) => issue_ref)).not.toContain(full);
});

test('a session keeps its ref when the servers change', async () => {
  const world = await worldWithServer();
  succeeded(await world.kugetsu('start', 'local/acme/demo#7', 'hello', '--follow'));
  succeeded(await world.kugetsu('server', 'add', 'LOCAL', 'https://git.example.com', '--force'));
  for (const ref of ['local/acme/demo#7', 'git.example.com/acme/demo#7']) {
    succeeded(await world.kugetsu('continue', ref, 'more', '--follow'));
  }
  succeeded(await world.kugetsu('server', 'remove', 'local'));
  succeeded(await world.kugetsu('continue', 'local/acme/demo#7', 'more', '--follow'));
  expect((await listedIssue(world, 'local/acme/demo#7')).worktree).toBe(worktreeOf(world, 'local/acme/demo#7'));
  expect(existsSync(worktreeOf(world, 'git.example.com/acme/demo#7'))).toBe(false);
});

test('a servers.json that cannot be read is named, and stays as it is', async () => {
  const world = fakeWorld();
  const path = join(world.home, 'servers.json');
  mkdirSync(world.home, { mode: 0o700 });
  for (const text of ['', '{', '[]', '{"default":null,"servers":{"a":{"uri":"https://a"}}}']) {
    writeFileSync(path, text);
    for (const command of [
      ['server', 'list'],
      ['server', 'add', 'b', 'https://b'],
      ['queue', 'enqueue', 'a/o/r#1', 'hello'],
    ]) {
      const { code, stdout, stderr } = await world.kugetsu(...command);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(path);
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
});
