import { spawn } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, listed, readyWorld, REF, saidIn, storedSessions, succeeded } from '../support/fake-world.ts';
import { processesOf, run, until } from '../support/world.ts';

test('init --force that fails leaves the sessions that were there', async () => {
  const world = await readyWorld();
  const before = await listed(world);
  const { code } = await world
    .withEnv({ FAKE_OPENCODE_LOSE_PARTS: '1' })
    .kugetsu('init', '--headless', '--force', '--prompt', 'x');
  expect(code).toBe(1);
  expect((await world.kugetsu('status')).stdout).toBe('ok\n');
  expect(await listed(world)).toEqual(before);
});

test('the agent of an init that was killed is ended by whoever looks next', async () => {
  const world = fakeWorld();
  const [command = '', ...prefix] = world.command;
  const init = spawn(command, [...prefix, 'init', '--headless', '--prompt', 'fake: hang'], {
    cwd: world.project,
    env: world.env,
  });
  await until('the agent runs, and has its message', () =>
    storedSessions(world).some((id) => saidIn(world, id).includes('fake: hang')),
  );
  init.kill('SIGKILL');
  await until(
    'init is gone',
    () => !processesOf(world.root).some(({ command: line }) => line.includes('init --headless')),
  );
  expect(processesOf(world.root)).not.toEqual([]);
  succeeded(await world.kugetsu('list'));
  expect(processesOf(world.root)).toEqual([]);
});

test('a home that is a dead link is one clear line, at once', async () => {
  const world = fakeWorld();
  const link = join(world.root, 'link');
  symlinkSync('/nonexistent/place', link);
  const { code, stderr } = await world.withEnv({ KUGETSU_DIR: link }).kugetsu('delegate', 'hello');
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(link) });
});

test.each([
  ['a name that is too long', '/'.padEnd(5000, 'x')],
  ['a device', '/dev/null/home'],
])('a home that is %s is one clear line', async (_name, directory) => {
  const world = fakeWorld();
  const { code, stderr } = await world.withEnv({ KUGETSU_DIR: directory }).kugetsu('delegate', 'hello');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^kugetsu: .+\n {2}.+\n$/);
});

test('standard output that cannot be written is one clear line', async () => {
  const world = await readyWorld();
  const { code, stderr } = await run(['sh', '-c', `'${world.command.join("' '")}' list > /dev/full`], {
    cwd: world.project,
    env: world.env,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^kugetsu: cannot write to standard output: .+\n$/);
});

test('a message of - comes from standard input, however long it is', async () => {
  const world = await readyWorld();
  const long = `${'long '.repeat(60_000)}message`;
  writeFileSync(join(world.root, 'message'), long);
  const line = `'${world.command.join("' '")}' queue enqueue '${REF}' - --json < '${join(world.root, 'message')}'`;
  const { stdout } = succeeded(await run(['sh', '-c', line], { cwd: world.project, env: world.env }));
  expect((JSON.parse(stdout) as { readonly message: string }).message).toBe(long);
});
