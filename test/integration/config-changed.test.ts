import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, readyWorld, REF, succeeded } from '../support/fake-world.ts';
import type { World } from '../support/world.ts';

const configOf = (world: World): string => join(world.home, 'config');
const textOf = (world: World): string => readFileSync(configOf(world), 'utf8');

function write(world: World, text: string): void {
  mkdirSync(world.home, { recursive: true, mode: 0o700 });
  writeFileSync(configOf(world), text);
}

interface Setting {
  readonly key: string;
  readonly value: string;
  readonly source: string;
  readonly origin: string | null;
  readonly problem: string | null;
}

async function listed(world: World, key: string): Promise<Setting | undefined> {
  const { stdout } = await world.kugetsu('config', 'list', '--json');
  return (JSON.parse(stdout) as Setting[]).find((setting) => setting.key === key);
}

test('a setting goes below its commented default, holds at once, and goes again', async () => {
  const world = await readyWorld();
  const before = textOf(world);
  succeeded(await world.kugetsu('config', 'set', 'MAX_CONCURRENT_AGENTS', '7'));
  expect(textOf(world)).toBe(
    before.replace('# MAX_CONCURRENT_AGENTS=3\n', '# MAX_CONCURRENT_AGENTS=3\nMAX_CONCURRENT_AGENTS=7\n'),
  );
  expect(statSync(configOf(world)).mode & 0o777).toBe(0o600);
  expect((await world.kugetsu('config', 'get', 'MAX_CONCURRENT_AGENTS')).stdout).toBe('7\n');
  const line = textOf(world).split('\n').indexOf('MAX_CONCURRENT_AGENTS=7') + 1;
  expect(await listed(world, 'MAX_CONCURRENT_AGENTS')).toMatchObject({
    value: '7',
    source: 'file',
    origin: `${configOf(world)}:${line}`,
  });
  succeeded(await world.kugetsu('config', 'unset', 'MAX_CONCURRENT_AGENTS'));
  expect(textOf(world)).toBe(before);
  expect(await listed(world, 'MAX_CONCURRENT_AGENTS')).toMatchObject({ value: '3', source: 'default', origin: null });
  expect(existsSync(`${configOf(world)}.lock`)).toBe(false);
});

test('a value that cannot be, and a name that is none, are usage errors that change nothing', async () => {
  const world = fakeWorld();
  write(world, '# mine\nKUGETSU_VERBOSITY=quiet\n');
  const bad = await world.kugetsu('config', 'set', 'KUGETSU_VERBOSITY', 'loud');
  expect(bad).toMatchObject({ code: 2, stdout: '' });
  expect(bad.stderr).toMatch(/^kugetsu: KUGETSU_VERBOSITY=loud: [^\n]+\n {2}[^\n]+\n$/);
  for (const command of [
    ['set', 'KUGETSU_VERBOSTY', 'quiet'],
    ['get', 'KUGETSU_VERBOSTY'],
    ['unset', 'KUGETSU_VERBOSTY'],
  ]) {
    const { code, stderr } = await world.kugetsu('config', ...command);
    expect(code).toBe(2);
    expect(stderr).toBe('kugetsu: there is no setting KUGETSU_VERBOSTY\n  did you mean KUGETSU_VERBOSITY?\n');
  }
  expect(textOf(world)).toBe('# mine\nKUGETSU_VERBOSITY=quiet\n');
});

test('a config with which nothing else works is shown whole, and fixed', async () => {
  const world = await readyWorld();
  write(
    world,
    '# mine\nMAX_CONCURENT_AGENTS=3\nKUGETSU_VERBOSITY=loud\nAGENT_TIMEOUT_MINUTES=$(id)\nKUGETSU_TEMP_DIR=/t\n',
  );
  expect((await world.kugetsu('start', REF, 'hello')).code).toBe(1);
  const { code, stdout, stderr } = await world.kugetsu('config', 'list');
  expect(code).toBe(1);
  expect(stdout).toContain('KUGETSU_TEMP_DIR\t/t\tfile:5\t');
  const lines = stderr.split('\n').filter((line) => line.startsWith('kugetsu: '));
  expect(lines.map((line) => /config:(\d+): /.exec(line)?.[1])).toEqual(['4', '2', '3']);
  expect((await world.kugetsu('config', 'get', 'KUGETSU_VERBOSITY')).code).toBe(1);
  succeeded(await world.kugetsu('config', 'unset', 'MAX_CONCURENT_AGENTS'));
  succeeded(await world.kugetsu('config', 'set', 'AGENT_TIMEOUT_MINUTES', '60'));
  const last = succeeded(await world.kugetsu('config', 'set', 'KUGETSU_VERBOSITY', 'quiet'));
  expect(last.stderr).toBe(`set KUGETSU_VERBOSITY=quiet in ${configOf(world)}\n`);
  expect(textOf(world)).toBe('# mine\nKUGETSU_VERBOSITY=quiet\nAGENT_TIMEOUT_MINUTES=60\nKUGETSU_TEMP_DIR=/t\n');
  expect(await world.kugetsu('config', 'list')).toMatchObject({ code: 0, stderr: '' });
});

test('a setting that the environment overrides is set, and said to have no effect here', async () => {
  const world = fakeWorld({ MAX_CONCURRENT_AGENTS: '9' });
  const { code, stderr } = await world.kugetsu('config', 'set', 'MAX_CONCURRENT_AGENTS', '4');
  expect(code).toBe(0);
  expect(stderr).toContain('the environment has MAX_CONCURRENT_AGENTS=9');
  expect(await listed(world, 'MAX_CONCURRENT_AGENTS')).toMatchObject({ value: '9', source: 'environment' });
  expect(
    (await world.withEnv({ MAX_CONCURRENT_AGENTS: '' }).kugetsu('config', 'get', 'MAX_CONCURRENT_AGENTS')).stdout,
  ).toBe('4\n');
});

test('a home without a config gets the one of init with the setting in it', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('config', 'set', 'KUGETSU_TEMP_DIR', "/a b/it's"));
  expect((await world.kugetsu('config', 'get', 'KUGETSU_TEMP_DIR')).stdout).toBe("/a b/it's\n");
  expect(textOf(world)).toContain('# MAX_CONCURRENT_AGENTS=3\n');
});

test('a config that is a link stays one', async () => {
  const world = fakeWorld();
  const target = join(world.root, 'dotfiles');
  mkdirSync(world.home, { mode: 0o700 });
  writeFileSync(target, 'KUGETSU_VERBOSITY=quiet\n');
  symlinkSync(target, configOf(world));
  succeeded(await world.kugetsu('config', 'set', 'KUGETSU_VERBOSITY', 'verbose'));
  expect(lstatSync(configOf(world)).isSymbolicLink() && readlinkSync(configOf(world))).toBe(target);
  expect(readFileSync(target, 'utf8')).toBe('KUGETSU_VERBOSITY=verbose\n');
});

test('settings that are set at the same time are all there', async () => {
  const world = fakeWorld();
  write(world, '# mine\n');
  const keys = ['MAX_CONCURRENT_AGENTS', 'QUEUE_CLEANUP_AGE_DAYS', 'AGENT_TIMEOUT_MINUTES', 'QUEUE_RETRY_BASE_SECONDS'];
  const outcomes = await Promise.all(keys.map(async (key) => world.kugetsu('config', 'set', key, '8')));
  for (const outcome of outcomes) succeeded(outcome);
  expect(textOf(world).split('\n').toSorted()).toEqual(['', '# mine', ...keys.map((key) => `${key}=8`)].toSorted());
});
