import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakeWorld, listed, readyWorld, REF, succeeded } from '../support/fake-world.ts';
import { FAKE_OPENCODE, type World } from '../support/world.ts';

/** A program in this world. @returns its path */
function program(world: World, body: string): string {
  const path = join(world.root, 'opencode');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A program that is what the name says under which it is called, as those of version managers are. @returns its path */
function multiCall(world: World, name: string): string {
  const path = join(world.root, name);
  const script = `case "\${0##*/}" in opencode) exec '${FAKE_OPENCODE}' "$@" ;; *) echo '2026.11.3 linux-x64 (2026-11-20)' ;; esac`;
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** The arguments of each call, written down before the program goes on. */
function counting(world: World, version: string): string {
  const log = join(world.root, 'calls');
  writeFileSync(join(world.root, 'version'), version);
  return `echo "$*" >>'${log}'; FAKE_OPENCODE_VERSION=$(cat '${join(world.root, 'version')}') exec '${FAKE_OPENCODE}' "$@"`;
}

/** One line with the reason, and one that says how to install a usable one. */
function notReady(reason: string): unknown {
  const escaped = reason.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const lines = new RegExp(String.raw`^kugetsu: [^\n]*${escaped}[^\n]*\n {2}[^\n]*npm install -g opencode-ai[^\n]*\n$`);
  return { code: 3, stdout: '', stderr: expect.stringMatching(lines) };
}

describe('init does not begin without a usable opencode, and says how to install one', () => {
  test('when it is not on PATH', async () => {
    const world = fakeWorld({ KUGETSU_OPENCODE: '', PATH: '/usr/bin:/bin' });
    expect(await world.kugetsu('init', '--headless')).toEqual(notReady('opencode is not on PATH'));
    expect((await world.kugetsu('status')).stdout).toBe('kugetsu_not_initialized\n');
  });

  test('when what KUGETSU_OPENCODE names is not there, or is no program', async () => {
    const world = fakeWorld({}, '/no/such/opencode');
    expect(await world.kugetsu('init', '--headless')).toEqual(notReady('/no/such/opencode'));
    const path = program(world, 'true');
    chmodSync(path, 0o644);
    world.env['KUGETSU_OPENCODE'] = path;
    expect(await world.kugetsu('init', '--headless')).toEqual(notReady(path));
    world.env['KUGETSU_OPENCODE'] = world.root;
    expect(await world.kugetsu('init', '--headless')).toEqual(notReady(world.root));
  });

  test('when it is too old', async () => {
    const world = fakeWorld({ FAKE_OPENCODE_VERSION: '1.17.9' });
    expect(await world.kugetsu('init', '--headless')).toEqual(notReady('opencode 1.17.9 is older than'));
  });

  test('when its version is nonsense', async () => {
    const world = fakeWorld({ FAKE_OPENCODE_VERSION: 'Usage: opencode [file]\n\u001B[31m' });
    const outcome = await world.kugetsu('init', '--headless');
    expect(outcome).toEqual(notReady('which is not a version'));
    expect(outcome.stderr).not.toContain('\u001B');
  });

  test('when it cannot run at all', async () => {
    const world = fakeWorld();
    world.env['KUGETSU_OPENCODE'] = program(world, 'echo "libfoo.so: cannot open shared object file" >&2; exit 127');
    expect(await world.kugetsu('init', '--headless')).toEqual(notReady('libfoo.so: cannot open shared object file'));
    world.env['KUGETSU_OPENCODE'] = program(world, 'kill -SEGV $$');
    expect(await world.kugetsu('init', '--headless')).toEqual(notReady('--version'));
  });

  test.each([
    ['run --help', '--auto', 'run --auto'],
    ['run --help', '--dir', 'run --dir'],
    ['--help', 'opencode db', 'db'],
    ['--help', 'opencode import', 'import'],
  ])('when its %s does not have %s', async (help, lacking, named) => {
    const world = fakeWorld();
    const without = `'${FAKE_OPENCODE}' "$@" | grep -v -e '${lacking}'`;
    const script = `if [ "$*" = '${help}' ]; then ${without}; else exec '${FAKE_OPENCODE}' "$@"; fi`;
    world.env['KUGETSU_OPENCODE'] = program(world, script);
    const outcome = await world.kugetsu('init', '--headless');
    expect(outcome).toEqual(notReady(`lacks: ${named}`));
    expect(outcome.stderr).toContain(`lacks: ${named}\n`);
  });
});

test('an opencode that is found on PATH is used', async () => {
  const world = fakeWorld();
  const path = program(world, `exec '${FAKE_OPENCODE}' "$@"`);
  world.env['KUGETSU_OPENCODE'] = '';
  world.env['PATH'] = `${join(path, '..')}:${world.env['PATH'] ?? ''}`;
  expect(await world.kugetsu('init', '--headless')).toMatchObject({ code: 0 });
});

test('an opencode that was replaced by an old one, or removed, is noticed before anything begins', async () => {
  const world = await readyWorld();
  const path = program(world, `exec '${FAKE_OPENCODE}' "$@"`);
  world.env['KUGETSU_OPENCODE'] = path;
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  const logs = readdirSync(join(world.home, 'logs'));
  program(world, 'echo 1.2.3');
  expect(await world.kugetsu('start', REF, 'hello')).toEqual(notReady('opencode 1.2.3 is older than'));
  rmSync(path);
  expect(await world.kugetsu('start', REF, 'hello')).toEqual(notReady(path));
  expect((await listed(world)).map(({ type }) => type)).toEqual(['base', 'pm_agent']);
  expect(readdirSync(join(world.home, 'logs'))).toEqual(logs);
  expect(existsSync(join(world.home, 'sessions', 'forge.test-acme-demo-1.json'))).toBe(false);
});

describe('an opencode that is a link to the program of a version manager', () => {
  test.each(['mise', 'volta-shim'])('is called by the name that it has on PATH, not as %s', async (manager) => {
    const world = fakeWorld({ KUGETSU_OPENCODE: '' });
    const shims = join(world.root, 'shims');
    mkdirSync(shims);
    symlinkSync(multiCall(world, manager), join(shims, 'opencode'));
    world.env['PATH'] = `${shims}:${world.env['PATH'] ?? ''}`;
    expect(await world.kugetsu('init', '--headless')).toMatchObject({ code: 0 });
    const { stdout } = await world.kugetsu('doctor', '--no-model');
    expect(stdout).toContain(`opencode 1.18.33 (${join(shims, 'opencode')})`);
  });

  test('is called by the name that KUGETSU_OPENCODE gives it', async () => {
    const world = fakeWorld();
    mkdirSync(join(world.root, 'bin'));
    const link = join(world.root, 'bin', 'opencode');
    symlinkSync(multiCall(world, 'proto-shim'), link);
    world.env['KUGETSU_OPENCODE'] = link;
    expect(await world.kugetsu('init', '--headless')).toMatchObject({ code: 0 });
  });

  test('is asked again when the version behind it has changed, though it is the same itself', async () => {
    const world = fakeWorld();
    world.env['KUGETSU_OPENCODE'] = program(world, counting(world, '1.18.33'));
    expect(await world.kugetsu('init', '--headless')).toMatchObject({ code: 0 });
    writeFileSync(join(world.root, 'version'), '2.0.17');
    expect(await world.kugetsu('start', REF, 'hello')).toMatchObject({ code: 3 });
  });
});

test('a plain program is asked for its version once', async () => {
  const world = fakeWorld();
  const path = join(world.root, 'opencode');
  const log = join(world.root, 'calls');
  const calls = `require('fs').appendFileSync('${log}', process.argv.slice(2).join(' ') + '\\n')`;
  const run = `process.exit(require('child_process').spawnSync('${FAKE_OPENCODE}', process.argv.slice(2), { stdio: 'inherit' }).status)`;
  writeFileSync(path, `#!/usr/bin/env node\n${calls}\n${run}\n`, { mode: 0o755 });
  world.env['KUGETSU_OPENCODE'] = path;
  succeeded(await world.kugetsu('init', '--headless'));
  await world.kugetsu('doctor', '--no-model');
  const asked = readFileSync(log, 'utf8').split('\n');
  expect(asked.filter((line) => line === '--version')).toHaveLength(1);
});

const AT = `at ${FAKE_OPENCODE}`;

test.each([
  ['opencode v2.0.17', `opencode 2.0.17 ${AT} has not passed its trial with this kugetsu`],
  ['opencode2 v2.0.4', `opencode 2.0.4 ${AT} has not passed its trial with this kugetsu`],
  ['opencode2 v0.0.0-next-16350', `opencode 0.0.0-next-16350 ${AT} has not passed its trial with this kugetsu`],
  ['2.0.17', `opencode 2.0.17 ${AT} has not passed its trial with this kugetsu`],
  ['2.0.3', `opencode 2.0.3 is older than 2.0.4 (${FAKE_OPENCODE})`],
  ['v3.0.0', `opencode 3.0.0 ${AT}: this kugetsu works with opencode 1.18 and 2, and not with opencode 3 yet`],
])('an opencode that says %j is refused, with the recipe for having 1.18 beside it', async (printed, reason) => {
  const world = fakeWorld({ FAKE_OPENCODE_VERSION: printed });
  const { code, stdout, stderr } = await world.kugetsu('init', '--headless');
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  const [said, hint = '', ...rest] = stderr.split('\n');
  expect(said).toBe(`kugetsu: ${reason}`);
  if (reason.includes('trial')) expect(hint).toContain('run: kugetsu doctor --try-opencode');
  expect(rest).toEqual(['']);
  // A global installation of 1.18 would have to replace the program of the other one, and npm refuses that.
  expect(hint).toContain(
    'npm install --prefix ~/.local/share/opencode-1 opencode-ai@1.18.33 && export KUGETSU_OPENCODE=',
  );
  expect(hint).not.toMatch(/ -g |@latest/);
});
