import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { debianTools } from '../support/debian-tools.ts';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { withTools } from '../support/machine.ts';
import { run, type World } from '../support/world.ts';

const REFS = ['forge.test/acme/demo#1', 'forge.test/acme/demo#-talk', 'gitlab.com/ada/lib#7'];

/** A world with kugetsu on its PATH and a state with something to complete. */
function knownWorld(): World {
  const plain = fakeWorld();
  const bin = join(plain.root, 'bin');
  mkdirSync(bin);
  symlinkSync(plain.command[0] ?? '', join(bin, 'kugetsu'));
  for (const directory of ['', 'queue', 'queue/items', 'env'])
    mkdirSync(join(plain.home, directory), { recursive: true });
  const issues = Object.fromEntries(REFS.map((ref) => [ref, 'some.json']));
  writeFileSync(join(plain.home, 'index.json'), JSON.stringify({ base: null, pm_agent: null, issues }));
  writeFileSync(
    join(plain.home, 'servers.json'),
    JSON.stringify({ default: null, servers: { work: { url: 'https://git.test:3000/x' } } }),
  );
  for (const agent of ['default', 'pm-agent']) writeFileSync(join(plain.home, 'env', `${agent}.env`), '');
  return plain.withEnv({ PATH: `${bin}:${plain.env['PATH'] ?? ''}` });
}

/** What this shell offers for a line, with the cursor at its end. */
type Offers = (world: World, line: string) => Promise<string[]>;

async function shell(world: World, command: readonly string[]): Promise<string[]> {
  const { stdout } = succeeded(await run(command, { cwd: world.project, env: world.env }));
  return stdout.split('\n').filter((offered) => offered !== '');
}

const inBash: Offers = async (world, line) => {
  const script = `eval "$(kugetsu completion bash)"; COMP_LINE=$1; COMP_POINT=\${#1}; _kugetsu; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return shell(world, ['bash', '--norc', '-euc', script, 'bash', line]);
};

const inZsh: Offers = async (world, line) => {
  const script = `compdef() { : }; compadd() { print -rl -- $values }; eval "$(kugetsu completion zsh)"
    words=("\${(@s: :)1}"); CURRENT=$#words; _kugetsu`;
  return shell(world, withTools(debianTools(['zsh']), ['zsh', '-fc', script, 'zsh', line]));
};

const inFish: Offers = async (world, line) => {
  const script = `kugetsu completion fish | source; complete -C "$argv[1]" | string replace -r '\\t.*' ''; true`;
  return shell(world, withTools(debianTools(['fish']), ['fish', '--no-config', '-c', script, line]));
};

describe.each([
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
])('%s offers', (_name, offers) => {
  test('what the command line and the live state have', async () => {
    const world = knownWorld();
    expect((await offers(world, 'kugetsu sta')).toSorted()).toEqual(['start', 'stats', 'status']);
    expect(await offers(world, 'kugetsu queue st')).toEqual(['stats']);
    expect((await offers(world, 'kugetsu list --')).toSorted()).toEqual(['--help', '--host', '--json', '--wide']);
    expect((await offers(world, 'kugetsu stop ')).toSorted()).toEqual(REFS.toSorted());
    expect(await offers(world, 'kugetsu stop gitlab.com/ada/l')).toEqual(['gitlab.com/ada/lib#7']);
    expect(await offers(world, 'kugetsu stop forge.test/acme/demo#-')).toEqual(['forge.test/acme/demo#-talk']);
    expect(await offers(world, 'kugetsu stop lib')).toEqual(['lib#7']);
    expect(await offers(world, 'kugetsu server get ')).toEqual(['work']);
    expect(await offers(world, 'kugetsu completion f')).toEqual(['fish']);
    expect(await offers(world, 'kugetsu no-such-command x')).toEqual([]);
  });
});

test('tasks, settings, and the agents that have an environment', async () => {
  const world = knownWorld();
  const id = succeeded(await world.kugetsu('queue', 'enqueue', 'forge.test/acme/demo#1', 'hello')).stdout.trim();
  expect(await inBash(world, 'kugetsu logs q_')).toEqual([id]);
  expect(await inBash(world, 'kugetsu config set MAX_C')).toEqual(['MAX_CONCURRENT_AGENTS']);
  for (const line of [
    'queue cancel q_',
    'queue edit q_',
    'queue explain q_',
    'queue enqueue r x --after q_',
    'queue edit x --after q_',
  ]) {
    expect(await inBash(world, `kugetsu ${line}`)).toEqual([id]);
  }
  expect(await inBash(world, 'kugetsu queue retry q_')).toEqual([]);
  succeeded(await world.kugetsu('queue', 'cancel', id));
  expect(await inBash(world, 'kugetsu queue retry q_')).toEqual([id]);
  expect(await inBash(world, 'kugetsu queue cancel q_')).toEqual([]);
});

test('repositories, and what can be set for one', async () => {
  const world = knownWorld();
  writeFileSync(join(world.home, 'repos.json'), JSON.stringify({ 'forge.test/acme/site': { setup: 'true' } }));
  expect(await inBash(world, 'kugetsu repo show forge.test/acme/s')).toEqual(['forge.test/acme/site']);
  expect(await inBash(world, 'kugetsu repo set forge.test/acme/site b')).toEqual(['base_branch', 'branch_prefix']);
  expect(await inBash(world, 'kugetsu repo unset forge.test/acme/site se')).toEqual(['setup']);
});

test('a state that cannot be read offers nothing, and says nothing', async () => {
  const world = knownWorld();
  writeFileSync(join(world.home, 'index.json'), '{ broken');
  expect(await world.kugetsu('__complete', '--', 'stop', '')).toEqual({ code: 0, stdout: '', stderr: '' });
});

describe('bash itself', () => {
  test('completes a ref on its command line', async () => {
    const world = knownWorld();
    const keys = String.raw`eval "$(kugetsu completion bash)"\nkugetsu logs gitl\t\nexit\n`;
    const shellOnTerminal = `timeout --foreground 20 script -qec 'bash --norc --noprofile -i' /dev/null`;
    const { stdout } = await run(['bash', '-c', `printf '${keys}' | ${shellOnTerminal}`], {
      cwd: world.project,
      env: { ...world.env, TERM: 'dumb' },
    });
    expect(stdout).toContain('gitlab.com/ada/lib#7');
  });

  test('gets only the part behind a colon or an equals sign, where it has broken the word', async () => {
    const world = knownWorld();
    expect(await inBash(world, 'kugetsu queue list --state=pe')).toEqual(['pending']);
    writeFileSync(
      join(world.home, 'index.json'),
      JSON.stringify({ base: null, pm_agent: null, issues: { 'forge.test:3000/acme/demo#1': 'some.json' } }),
    );
    expect(await inBash(world, 'kugetsu stop forge.test:30')).toEqual(['3000/acme/demo#1']);
    expect(await inBash(world, 'kugetsu stop "forge.test:30')).toEqual(['3000/acme/demo#1']);
  });
});
