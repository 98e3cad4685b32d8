// Slow: the real opencode in a terminal, which takes seconds to start.
import { spawn, type ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { makeRemote, makeWorld, mapRepositories, REAL_OPENCODE, until, type World } from '../support/world.ts';

const KNOWLEDGE = 'remember-the-word-periwinkle';

let model: ScriptedModel;
let world: World;

beforeAll(async () => {
  model = await startScriptedModel();
  world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port, env: { TERM: 'xterm-256color' } });
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
  mapRepositories(world, { 'forge.test/acme/demo': remote });
});

afterAll(async () => {
  expect(await world.destroy()).toEqual([]);
  await model.close();
});

/** Runs kugetsu on a terminal of its own; what is written to the child's standard input is typed there. */
function onTerminal(...args: readonly string[]): { readonly child: ChildProcess; readonly screen: () => string } {
  const command = [...world.command, ...args].join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: world.project,
    env: world.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString('utf8');
  });
  return { child, screen: () => screen };
}

/** Whether something is so within a moment; if not, what it depends on is tried again. */
async function soon(condition: () => boolean): Promise<boolean> {
  return until('it is so', condition, 5000).catch(() => false);
}

test('without a terminal and without --headless, init says what to do', async () => {
  const { code, stderr } = await world.kugetsu('init');
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('kugetsu init --headless') });
});

test('on a terminal, init opens opencode, and the session that was talked to there becomes the base', async () => {
  const { child, screen } = onTerminal('init');
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  /** @returns whether anything was drawn since */
  const press = (keys: string): (() => boolean) => {
    const before = screen().length;
    child.stdin?.write(keys);
    return () => screen().length > before;
  };
  await until('opencode shows its interface', () => /Ask anything|ctrl\+p|Build/i.test(screen()));
  const reached = (): boolean => model.requests.some(({ lastUserText }) => lastUserText.includes(KNOWLEDGE));
  // The interface takes keys a moment after it has drawn itself, so the message is typed until the model has it.
  await until('the message reached the model', async () => {
    if (!(await soon(press(KNOWLEDGE)))) return false;
    press('\r');
    return soon(reached);
  });
  await until('the answer is shown', () => screen().includes('Done.'));
  // Leaving the terminal's alternate screen is the last thing that the interface does.
  await until('opencode was left', async () => {
    press('\u0003');
    return soon(() => screen().includes('\u001B[?1049l'));
  });
  expect(await ended).toBe(0);
  expect(screen()).not.toContain('the base session has no complete answer');
  expect(await world.kugetsu('status')).toMatchObject({ code: 0, stdout: 'ok\n' });
});

test('an agent that is started afterwards knows what was said on the terminal', async () => {
  expect(await world.kugetsu('start', 'forge.test/acme/demo#1', 'do it', '--follow')).toMatchObject({ code: 0 });
  const request = model.requests.findLast(({ lastUserText }) => lastUserText.trimEnd().endsWith('\n\ndo it'));
  expect(JSON.stringify(request?.messages)).toContain(KNOWLEDGE);
});

test('destroy asks on a terminal, and no is an answer', async () => {
  const { child, screen } = onTerminal('destroy', '--base');
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  await until('the question is asked', () => screen().includes('[y/N]'));
  child.stdin?.write('n\r');
  expect(await ended).toBe(1);
  expect(await world.kugetsu('status')).toMatchObject({ stdout: 'ok\n' });
});
