import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { doctor, stateOf, workedWorld } from '../support/doctor.ts';
import { listed, listedIssue, readyWorld, REF, storedSessions, succeeded } from '../support/fake-world.ts';
import { processesOf, until, type World } from '../support/world.ts';

/** What may not change: the home, opencode's sessions, and what is listed. */
async function traces(world: World): Promise<unknown> {
  return { state: stateOf(world), sessions: storedSessions(world).toSorted(), listed: await listed(world) };
}

test('a canary goes the whole way, and leaves nothing', async () => {
  const world = await workedWorld();
  const before = await traces(world);
  const { code, stdout, stderr } = await world.kugetsu('doctor', '--canary');
  expect(stdout).toMatch(/^ok\tcanary\t/m);
  expect(code).toBe(0);
  const names = [...stderr.matchAll(/^canary: (\S+)/gm)].map(([, name]) => name);
  // Worktree and session are made side by side.
  expect(names.slice(0, 2)).toEqual(['home', 'start']);
  expect(new Set(names.slice(2, 4))).toEqual(new Set(['session', 'worktree']));
  expect(names.slice(4)).toEqual(['agent', 'answer', 'directory', 'repository', 'clean-up']);
  expect(await traces(world)).toEqual(before);
  expect(readdirSync(join(world.home, 'runs'))).toEqual([]);
});

test.each([
  ['the model refuses', { FAKE_OPENCODE_ALWAYS: 'error-status 401' }, 'answer', 'status 401'],
  [
    'the agent changes something',
    { FAKE_OPENCODE_ALWAYS: 'sh echo x > README.md' },
    'repository',
    'the agent changed something',
  ],
  ['opencode stores the fork elsewhere', { FAKE_OPENCODE_WRONG_DIRECTORY: '1' }, 'session', '/elsewhere'],
])('when %s, the canary names the step, and leaves nothing', async (_name, env, step, why) => {
  const world = await workedWorld();
  const before = await traces(world);
  const { code, stdout, stderr } = await world.withEnv(env).kugetsu('doctor', '--canary', '--json');
  const report = JSON.parse(stdout) as { readonly canary: unknown; readonly findings: readonly unknown[] };
  expect(stderr).toMatch(/^canary: home/m);
  expect(report.canary).toMatchObject({ failed: step });
  expect(report.findings).toContainEqual(
    expect.objectContaining({ level: 'error', check: 'canary', message: expect.stringContaining(why) }),
  );
  expect(code).toBe(1);
  expect(await traces(world)).toEqual(before);
});

test('without a base session the canary cannot fly, and doctor says so', async () => {
  const world = await workedWorld();
  succeeded(await world.kugetsu('destroy', '--base', '-y'));
  const { code, findings } = await doctor(world, '--canary');
  expect(findings).toContainEqual(
    expect.objectContaining({ check: 'canary', message: expect.stringMatching(/^failed at home/) }),
  );
  expect(code).toBe(1);
});

test('a canary takes no agent slot', async () => {
  const world = await readyWorld({ MAX_CONCURRENT_AGENTS: '1' });
  const gate = join(world.root, 'gate');
  succeeded(await world.kugetsu('start', REF, `fake: sh until [ -e '${gate}' ]; do sleep 0.05; done`));
  expect(await doctor(world, '--canary')).toMatchObject({ code: 0, healthy: true });
  writeFileSync(gate, '');
  await until('a verdict', async () => (await listedIssue(world)).run?.verdict?.outcome === 'succeeded');
});

async function canaryAtWork(world: World): Promise<{ readonly pid: number; readonly exit: Promise<number | null> }> {
  const [command = '', ...prefix] = world.command;
  const env = { ...world.env, FAKE_OPENCODE_ALWAYS: 'sh sleep 600' };
  const child = spawn(command, [...prefix, 'doctor', '--canary'], { cwd: world.project, env, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await until('its agent works', () =>
    processesOf(world.root).some(({ command: line }) => line.startsWith('sleep 600')),
  );
  return { pid: child.pid ?? -1, exit };
}

test('an interrupted canary leaves nothing', async () => {
  const world = await workedWorld();
  const before = await traces(world);
  const { pid, exit } = await canaryAtWork(world);
  process.kill(pid, 'SIGTERM');
  expect(await exit).toBe(130);
  expect(await traces(world)).toEqual(before);
  await until('no process is left', () => processesOf(world.root).length === 0);
});

test('what a killed canary leaves goes by itself: its directory with the next look, its session with the next canary', async () => {
  const world = await workedWorld();
  const before = await traces(world);
  const { pid, exit } = await canaryAtWork(world);
  process.kill(pid, 'SIGKILL');
  await exit;
  succeeded(await world.kugetsu('list'));
  await until('its processes have ended', () => processesOf(world.root).length === 0);
  expect(readdirSync(join(world.home, 'runs'))).toEqual([]);
  expect(await doctor(world, '--canary')).toMatchObject({ code: 0 });
  expect(await traces(world)).toEqual(before);
});
