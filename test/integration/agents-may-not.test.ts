import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, afterAll } from 'vitest';
import { FAKE_OPENCODE, makeWorld, type World } from '../support/world.ts';
import { succeeded } from '../support/fake-world.ts';

let world: World;

beforeAll(async () => {
  world = makeWorld({ opencode: FAKE_OPENCODE });
  succeeded(await world.kugetsu('init', '--headless', '--prompt', 'Know this project.'));
  succeeded(await world.kugetsu('env', 'set', 'SHARED', 'for all'));
  succeeded(await world.kugetsu('env', 'set', 'OWN', 'mine', 'dev-agent'));
  succeeded(await world.kugetsu('env', 'set', 'PM_SECRET', 'hunter2hunter2', 'pm-agent'));
  succeeded(await world.kugetsu('server', 'add', 'forge', 'https://forge.test'));
});

afterAll(async () => {
  expect(await world.destroy()).toEqual([]);
});

/** The same world as a development agent's tool sees it. */
const inRun = (agent: Readonly<Record<string, string>> = { KUGETSU_AGENT: 'dev-agent' }): World =>
  world.withEnv({ KUGETSU_RUN_ID: 'r_0123456789abc', ...agent });

/** Every file of the home with its content. */
function everyFile(directory: string): ReadonlyMap<string, string> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name));
  return new Map(
    files.filter((path) => statSync(path).isFile()).map((path) => [path, readFileSync(path).toString('base64')]),
  );
}

const REFUSED = [
  ['init', '--force', '--headless', '--prompt', 'EVIL'],
  ['destroy', '--base', '-y'],
  ['destroy', '--pm-agent', '-y'],
  ['env', 'get', 'PM_SECRET', 'pm-agent'],
  ['env', 'set', 'PM_SECRET', 'x', 'pm-agent'],
  ['env', 'set', 'SHARED', 'x'],
  ['env', 'rm', 'SHARED'],
  ['env', 'rm', 'PM_SECRET', 'pm-agent'],
  ['config', 'set', 'MAX_CONCURRENT_AGENTS', '99'],
  ['config', 'unset', 'MAX_CONCURRENT_AGENTS'],
  ['server', 'add', 'evil', 'https://evil.test'],
  ['server', 'add', 'forge', 'https://evil.test', '--force'],
  ['server', 'remove', 'forge'],
  ['server', 'default', 'forge'],
  ['queue', 'clear'],
  ['queue', 'clear', '--all-finished'],
  ['queue-daemon', 'stop'],
  ['queue-daemon', 'restart'],
  ['queue-daemon', 'install'],
  ['queue-daemon', 'uninstall'],
  ['doctor', '--fix'],
  ['doctor', '--fix-permissions', '--no-model'],
] as const;

test.each(REFUSED.map((args) => ({ line: args.join(' '), args })))(
  'an agent that runs kugetsu $line is refused in a line, and nothing is changed',
  async ({ args }) => {
    const before = everyFile(world.home);
    const { code, stdout, stderr } = await inRun().kugetsu(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^kugetsu: agents may not run kugetsu [^\n]+\n {2}[^\n]+\n$/);
    expect(stderr).not.toContain('hunter2');
    expect(everyFile(world.home)).toEqual(before);
  },
);

test('an agent reads what it has, and changes what is its own', async () => {
  const dev = inRun();
  expect(succeeded(await dev.kugetsu('env', 'get', 'SHARED')).stdout).toBe('for all\n');
  expect(succeeded(await dev.kugetsu('env', 'get', 'OWN', 'dev-agent')).stdout).toBe('mine\n');
  succeeded(await dev.kugetsu('env', 'set', 'CACHE', 'on', 'dev-agent'));
  succeeded(await dev.kugetsu('env', 'rm', 'CACHE', 'dev-agent'));
  for (const line of [
    ['status'],
    ['list'],
    ['queue', 'list'],
    ['config', 'list'],
    ['server', 'list'],
    ['doctor', '--no-model', '--json'],
  ]) {
    const { stderr } = await dev.kugetsu(...line);
    expect(stderr).not.toContain('agents may not');
  }
});

test('an agent whose environment does not say which it is has no variables of its own to change', async () => {
  const { code, stderr } = await inRun({}).kugetsu('env', 'set', 'OWN', 'x', 'dev-agent');
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('agents may not run kugetsu env set') });
});

test('a person may', async () => {
  succeeded(await world.kugetsu('config', 'set', 'MAX_CONCURRENT_AGENTS', '4'));
  succeeded(await world.kugetsu('config', 'unset', 'MAX_CONCURRENT_AGENTS'));
  expect(succeeded(await world.kugetsu('env', 'get', 'PM_SECRET', 'pm-agent')).stdout).toBe('hunter2hunter2\n');
});
