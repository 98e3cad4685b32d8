// Slow: each test runs the installer in a machine of its own.
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { makeMachine } from '../support/machine.ts';
import { BINARY, run, until, type Outcome, type World } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPT = join(ROOT, 'scripts', 'kugetsu-install.sh');
const PROGRAM = BINARY[0] ?? '';

const INSTALLED = [
  '.config/opencode/skills/kugetsu/SKILL.md',
  '.local/bin/kugetsu',
  '.local/share/bash-completion/completions/kugetsu',
  '.local/share/fish/vendor_completions.d/kugetsu.fish',
  '.local/share/kugetsu/installed',
  '.local/share/man/man1/kugetsu.1',
  '.local/share/zsh/site-functions/_kugetsu',
];

/** The files in the user's home, but for what the world itself put there. */
function files(world: World): string[] {
  return readdirSync(world.userHome, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '.gitconfig')
    .map((entry) => join(entry.parentPath, entry.name).slice(world.userHome.length + 1))
    .toSorted();
}

const prefixOf = (world: World): readonly string[] => ['--prefix', join(world.userHome, '.local')];

async function install(world: World, ...args: readonly string[]): Promise<Outcome> {
  return run(['bash', SCRIPT, '--binary', PROGRAM, ...prefixOf(world), ...args], {
    cwd: world.project,
    env: world.env,
  });
}

async function uninstall(world: World): Promise<Outcome> {
  return run(['bash', SCRIPT, '--uninstall', ...prefixOf(world)], { cwd: world.project, env: world.env });
}

describe('a program that is given', () => {
  test('is put in place with everything around it, again without a change, and taken away with nothing else', async () => {
    const world = fakeWorld();
    const { stdout } = succeeded(await install(world));
    expect(files(world)).toEqual(INSTALLED);
    expect(stdout).toMatch(/kugetsu \d+\.\d+\.\d+.* is installed\.\n/);
    expect(stdout).toContain(`export PATH="${world.userHome}/.local/bin:$PATH"`);
    const program = join(world.userHome, '.local/bin/kugetsu');
    const env = { HOME: world.userHome, PATH: '/nonexistent' };
    expect(succeeded(await run([program, '--version'], { cwd: '/', env })).stdout).toBe(
      succeeded(await world.kugetsu('--version')).stdout,
    );
    const record = readFileSync(join(world.userHome, '.local/share/kugetsu/installed'), 'utf8');
    succeeded(await install(world));
    expect(readFileSync(join(world.userHome, '.local/share/kugetsu/installed'), 'utf8')).toBe(record);
    writeFileSync(join(world.userHome, '.local/bin/other'), 'mine');
    succeeded(await uninstall(world));
    expect(files(world)).toEqual(['.local/bin/other']);
    expect(existsSync(join(world.userHome, '.config/opencode/skills/kugetsu'))).toBe(false);
    expect((await uninstall(world)).code).toBe(1);
  });

  test('is replaced while it runs', async () => {
    const world = fakeWorld();
    succeeded(await install(world));
    const program = join(world.userHome, '.local/bin/kugetsu');
    const running = run([program, 'queue-daemon', 'run'], { cwd: world.project, env: world.env });
    await until('the daemon runs', async () => (await world.kugetsu('queue-daemon', 'status')).code === 0);
    expect(succeeded(await install(world)).stdout).toContain('kugetsu queue-daemon restart');
    succeeded(await world.kugetsu('queue-daemon', 'stop'));
    expect((await running).code).toBe(0);
  });

  test("files that are somebody else's are kept and named; one that was changed stays at uninstall", async () => {
    const world = fakeWorld();
    mkdirSync(join(world.userHome, '.local/bin'), { recursive: true });
    const program = join(world.userHome, '.local/bin/kugetsu');
    writeFileSync(program, '#!/bin/sh\n# my own\n');
    expect(succeeded(await install(world)).stdout).toContain(`moved to ${program}.before-kugetsu`);
    expect(readFileSync(`${program}.before-kugetsu`, 'utf8')).toContain('my own');
    appendFileSync(join(world.userHome, '.config/opencode/skills/kugetsu/SKILL.md'), 'More.\n');
    expect(succeeded(await uninstall(world)).stdout).toContain('SKILL.md was changed since: it stays');
    expect(files(world)).toEqual(['.config/opencode/skills/kugetsu/SKILL.md', '.local/bin/kugetsu.before-kugetsu']);
  });

  test('that is no kugetsu, or is not there, and a wrong call change nothing', async () => {
    const world = fakeWorld();
    for (const [args, code] of [
      [['--binary', '/bin/true'], 1],
      [['--binary', '/nonexistent'], 1],
      [['--binary'], 2],
      [['--frobnicate'], 2],
    ] as const) {
      expect({ args, code: (await install(world, ...args)).code }).toEqual({ args, code });
    }
    expect(files(world)).toEqual([]);
  });
});

test('without one it is built from the checkout', async () => {
  const world = fakeWorld();
  const checkout = join(world.root, 'checkout');
  const bin = join(world.root, 'bin');
  for (const directory of [checkout, bin]) mkdirSync(directory);
  for (const name of ['scripts', 'package.json', 'SKILL.md'])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  const npm = `#!/bin/sh\necho "npm $*"\n[ "$1" = ci ] || { mkdir dist && cp '${PROGRAM}' dist/; }\n`;
  writeFileSync(join(bin, 'npm'), npm);
  chmodSync(join(bin, 'npm'), 0o755);
  const { stderr } = succeeded(
    await run(['bash', join(checkout, 'scripts', 'kugetsu-install.sh'), ...prefixOf(world)], {
      cwd: world.project,
      env: { ...world.env, PATH: `${bin}:/usr/bin:/bin` },
    }),
  );
  expect(stderr).toBe('npm ci\nnpm run build\n');
  expect(files(world)).toEqual(INSTALLED.filter((name) => !name.endsWith('.1')));
});

describe('sourced', () => {
  test('it does the same, and leaves the shell as it was, also when it fails', async () => {
    const world = fakeWorld();
    const text = `before="$(set +o; trap)$-"; . '${SCRIPT}' --binary '${PROGRAM}' --prefix "$HOME/.local" >/dev/null; echo "status $?"
      . '${SCRIPT}' --frobnicate 2>/dev/null; echo "status $?"
      [ "$before" = "$(set +o; trap)$-" ] && declare -F | wc -l`;
    const { stdout } = succeeded(await run(['bash', '--norc', '-c', text], { cwd: world.project, env: world.env }));
    expect(stdout).toBe('status 0\nstatus 2\n0\n');
    expect(files(world)).toEqual(INSTALLED);
  });
});

test.each([
  [
    'opencode v2.0.17',
    'opencode 2.0.17 is experimental: kugetsu doctor --try-opencode tests it; to have 1.18 beside it: npm install --prefix ~/.local/share/opencode-1',
  ],
  ['opencode2 v0.0.0-next-16350', 'opencode 0.0.0-next-16350 is experimental'],
  ['2.0.17', 'opencode 2.0.17 is experimental'],
  ['1.17.9', 'opencode 1.17.9 is too old: npm install -g opencode-ai@1.18.33'],
])('an opencode that says %j is told of', async (printed, said) => {
  const world = fakeWorld();
  const opencode = join(world.root, 'opencode');
  writeFileSync(opencode, `#!/bin/sh\necho '${printed}'\n`, { mode: 0o755 });
  const outcome = await run(['bash', SCRIPT, '--binary', PROGRAM, '--prefix', join(world.userHome, '.local')], {
    cwd: world.project,
    env: { ...world.env, KUGETSU_OPENCODE: opencode },
  });
  expect(succeeded(outcome).stdout).toContain(said);
});

test('root gets it under /usr/local, for everyone, without being told so; missing programs are named', async () => {
  const machine = makeMachine();
  cpSync(PROGRAM, machine.path('/kugetsu'));
  const { stdout } = succeeded(await machine.script('kugetsu-install.sh', '--binary', machine.path('/kugetsu')));
  expect(stdout).toContain('installed /usr/local/bin/kugetsu\n');
  expect(stdout).toContain('opencode is missing: npm install -g opencode-ai');
  const asUser = await machine.run('runuser', '-u', 'nobody', '--', '/usr/local/bin/kugetsu', '--version');
  expect(succeeded(asUser).stdout).toMatch(/^\d/);
  succeeded(await machine.script('kugetsu-install.sh', '--uninstall'));
  expect(existsSync(machine.path('/usr/local/bin/kugetsu'))).toBe(false);
});
