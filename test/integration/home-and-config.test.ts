import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, readyWorld, REF, REPOSITORY, succeeded } from '../support/fake-world.ts';
import { tooOpen, underUmask } from '../support/private-home.ts';
import { makeRemote, mapRepositories, run } from '../support/world.ts';

test.each(['000', '077', '022'])('the home is private under umask %s', async (umask) => {
  const world = fakeWorld();
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
  succeeded(await underUmask(world, umask, 'init', '--headless', '--prompt', 'Know this.'));
  writeFileSync(join(world.home, 'repos.json'), JSON.stringify({ [REPOSITORY]: remote }), { mode: 0o600 });
  succeeded(await underUmask(world, umask, 'start', REF, 'fake: stall'));
  expect(tooOpen(world.home)).toEqual([]);
  const queued = await underUmask(world, umask, 'start', REF.replace('#1', '#2'), 'more', '--queue', '--follow');
  succeeded(queued);
  succeeded(await underUmask(world, umask, 'stop', REF));
  expect(tooOpen(world.home)).toEqual([]);
  expect(readdirSync(world.home)).toEqual(
    expect.arrayContaining(['config', 'index.json', 'sessions', 'logs', 'queue']),
  );
});

const HOSTILE = [
  'MAX_CONCURRENT_AGENTS=$(touch MARKER; echo 3)',
  'MAX_CONCURRENT_AGENTS="$(touch MARKER)"',
  'MAX_CONCURRENT_AGENTS=`touch MARKER`',
  'MAX_CONCURRENT_AGENTS="`touch MARKER`"',
  'MAX_CONCURRENT_AGENTS=3; touch MARKER',
  'MAX_CONCURRENT_AGENTS=3 && touch MARKER',
  'KUGETSU_TEMP_DIR=<(touch MARKER)',
  'MAX_CONCURRENT_AGENTS=${X:=$(touch MARKER)}',
];

test('a config is never executed: what a shell would make of a setting is one clear error', async () => {
  const world = await readyWorld();
  const marker = join(world.root, 'executed');
  const config = join(world.home, 'config');
  for (const line of HOSTILE) {
    writeFileSync(config, `# settings\n${line.replaceAll('MARKER', marker)}\n`);
    const { code, stdout, stderr } = await world.kugetsu('start', REF, 'hello');
    expect({ line, code, stdout }).toEqual({ line, code: 1, stdout: '' });
    expect(stderr).toMatch(/^kugetsu: \S+\/config:2: [^\n]+\n {2}[^\n]+\n$/);
    expect(existsSync(marker)).toBe(false);
  }
});

test('a line that only a shell could run holds up nothing that does not need it', async () => {
  const world = await readyWorld();
  const marker = join(world.root, 'executed');
  const config = join(world.home, 'config');
  const lines = [`touch ${marker}`, 'export PATH="$HOME/bin:$PATH"', 'AGENT_STALL_TIMEOUT_MINUTES=$(date +%M)'];
  writeFileSync(config, `${lines.join('\n')}\n`);
  succeeded(await world.kugetsu('list'));
  succeeded(await world.kugetsu('prune'));
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/config:3: kugetsu reads its config but does not execute it: .*\n {2}.*AGENT_STALL/),
  });
  succeeded(await world.kugetsu('config', 'set', 'AGENT_STALL_TIMEOUT_MINUTES', '20'));
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(existsSync(marker)).toBe(false);
});

test('in single quotes all of that is only text', async () => {
  const world = await readyWorld();
  const directory = join(world.root, '$(touch executed);`touch executed`');
  writeFileSync(join(world.home, 'config'), `export KUGETSU_TEMP_DIR='${directory}'\n`);
  const { stdout } = succeeded(await world.kugetsu('start', REF, 'fake: sh echo "$TMPDIR"', '--follow'));
  expect(stdout).toContain(directory);
  expect(existsSync(join(world.project, 'executed'))).toBe(false);
});

test('the environment is over the file, and the file over the default', async () => {
  const world = await readyWorld();
  writeFileSync(join(world.home, 'config'), 'MAX_CONCURRENT_AGENTS=none\n');
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(stderr).toContain(`${join(world.home, 'config')}:1: MAX_CONCURRENT_AGENTS=none`);
  expect(code).toBe(1);
  world.env['MAX_CONCURRENT_AGENTS'] = '2';
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  world.env['MAX_CONCURRENT_AGENTS'] = '0';
  expect((await world.kugetsu('start', REF, 'hello')).stderr).toContain('the environment: MAX_CONCURRENT_AGENTS=0');
});

test('a misspelt setting is an error that knows the right one', async () => {
  const world = await readyWorld();
  writeFileSync(join(world.home, 'config'), 'MAX_CONCURENT_AGENTS=3\n');
  const { code, stderr } = await world.kugetsu('start', REF, 'hello');
  expect(stderr).toContain('did you mean MAX_CONCURRENT_AGENTS?');
  expect(code).toBe(1);
});

test('KUGETSU_DIR may be relative to the directory of the call, and have spaces', async () => {
  const world = fakeWorld({ KUGETSU_DIR: 'a home/of kugetsu' });
  const home = join(world.project, 'a home', 'of kugetsu');
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
  succeeded(await world.kugetsu('init', '--headless'));
  mapRepositories({ ...world, home }, { [REPOSITORY]: remote });
  const { stdout } = succeeded(await world.kugetsu('start', REF, 'fake: sh echo "$KUGETSU_DIR"; pwd', '--follow'));
  expect(stdout).toContain(`It printed: ${home}`);
  expect(stdout).toContain(join(home, 'worktrees', 'forge.test-acme-demo-1'));
  expect(existsSync(world.home)).toBe(false);
  const elsewhere = { cwd: world.root, env: { ...world.env, KUGETSU_DIR: home } };
  expect((await run([...world.command, 'status'], elsewhere)).stdout).toBe('ok\n');
  expect((await run([...world.command, 'status'], { ...elsewhere, env: world.env })).stdout).not.toBe('ok\n');
});

test('a home that is reached through a link is the same home', async () => {
  const world = await readyWorld();
  const link = join(world.root, 'link');
  const { code } = await run(['ln', '-s', world.home, link], { cwd: world.root, env: world.env });
  expect(code).toBe(0);
  world.env['KUGETSU_DIR'] = link;
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  delete world.env['KUGETSU_DIR'];
  succeeded(await world.kugetsu('continue', REF, 'more', '--follow'));
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
});

test('a home that cannot be written is one clear line', async () => {
  const world = fakeWorld();
  mkdirSync(join(world.root, 'blocked'));
  writeFileSync(join(world.root, 'blocked', 'file'), 'a file');
  world.env['KUGETSU_DIR'] = join(world.root, 'blocked', 'file', 'home');
  const { code, stderr } = await world.kugetsu('init', '--headless');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^kugetsu: [^\n]+\n {2}[^\n]+\n$/);
  expect(readFileSync(join(world.root, 'blocked', 'file'), 'utf8')).toBe('a file');
});
