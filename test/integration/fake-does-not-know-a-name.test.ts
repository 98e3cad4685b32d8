import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FAKE_OPENCODE, makeWorld, run, type Outcome, type World } from '../support/world.ts';

const SESSION = 'ses_0123456789abAAAAAAAAAAAAAA';

/** A world that nothing takes down but the test. */
function slippedWorld(env: Readonly<Record<string, string>> = {}): World {
  const world = makeWorld({ opencode: FAKE_OPENCODE, env });
  onTestFinished(async () => void (await world.destroy().catch(() => undefined)));
  return world;
}

/** Calls the fake as kugetsu does, for one message to an agent. */
async function tell(world: World, message: string): Promise<Outcome> {
  const state = join(world.userHome, '.local', 'share', 'fake-opencode');
  mkdirSync(state, { recursive: true });
  const info = { id: SESSION, directory: world.project, permission: [], time: { created: 1, updated: 1 } };
  writeFileSync(join(state, `${SESSION}.json`), JSON.stringify({ info, messages: [] }));
  const command = [FAKE_OPENCODE, 'run', '--session', SESSION, '--dir', world.project];
  return run(command, { cwd: world.project, env: { ...world.env, PWD: world.project }, input: message });
}

/** The end of the test fails, and nothing of the world stays. */
async function expectSlip(world: World, what: string): Promise<void> {
  await expect(world.destroy()).rejects.toThrow(`the fake opencode does not know ${what}`);
  expect(existsSync(world.root)).toBe(false);
}

describe('a test fails when it tells the fake opencode', () => {
  test.each([
    ['FAKE_OPENCODE_ALWAYS', 'refused', "the behaviour 'refused'"],
    ['FAKE_OPENCODE_ALWAYS', 'error-status oops', "the argument 'oops'"],
    ['FAKE_OPENCODE_ALWAYS', '', "the behaviour ''"],
    ['FAKE_OPENCODE_TERMINAL', 'sings', "'sings' in the variable FAKE_OPENCODE_TERMINAL"],
    ['FAKE_OPENCODE_LOCKED', 'yes', "'yes' in the variable FAKE_OPENCODE_LOCKED"],
    ['FAKE_OPENCODE_AGENTS', '{"plan":"secondary"}', '\'{"plan":"secondary"}\' in the variable FAKE_OPENCODE_AGENTS'],
    ['FAKE_OPENCODE_AGENTS', 'plan', "'plan' in the variable FAKE_OPENCODE_AGENTS"],
    ['FAKE_OPENCODE_WITHOUT_FLAG', 'format-x', "'format-x' in the variable FAKE_OPENCODE_WITHOUT_FLAG"],
    ['FAKE_OPENCODE_GARBLED', '1', 'the variable FAKE_OPENCODE_GARBLED'],
  ])('%s=%j', async (name, value, what) => {
    const world = slippedWorld({ [name]: value });
    expect((await run([FAKE_OPENCODE, '--version'], { cwd: world.project, env: world.env })).code).toBe(70);
    await expectSlip(world, what);
  });

  test.each([
    ['fake: refused', "the behaviour 'refused'"],
    ['Do this.\nfake: toString', "the behaviour 'toString'"],
    ['fake:', "the behaviour ''"],
    ['fake: fill-disk and go one', "the argument 'and go one'"],
    ['fake: soak 1 sucseed', "the argument '1 sucseed'"],
  ])('to play %j', async (message, what) => {
    const world = slippedWorld();
    expect((await tell(world, message)).code).toBe(70);
    await expectSlip(world, what);
  });
});

test.each([
  [['sesion', 'delete', SESSION], "the command 'sesion'"],
  [['session', 'remove', SESSION], "the command 'session remove'"],
  [['db', 'select 1'], "the statement 'select 1'"],
])('a test fails when kugetsu calls the fake for something that it cannot do: %j', async (args, what) => {
  const world = slippedWorld();
  expect((await run([FAKE_OPENCODE, ...args], { cwd: world.project, env: world.env })).code).toBe(70);
  await expectSlip(world, what);
});

test('the test ends with the next command', async () => {
  const world = slippedWorld();
  await tell(world, 'fake: refused');
  await expect(world.kugetsu('--version')).rejects.toThrow("the fake opencode does not know the behaviour 'refused'");
});

test('what the fake knows is no slip', async () => {
  const world = slippedWorld({ FAKE_OPENCODE_ALWAYS: 'error-status 401', FAKE_OPENCODE_TERMINAL: 'leaves' });
  expect((await tell(world, 'Do this.')).stdout).toContain('status 401');
  expect((await world.kugetsu('--version')).code).toBe(0);
  expect(await world.destroy()).toEqual([]);
});
