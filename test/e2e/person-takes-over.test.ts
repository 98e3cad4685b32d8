// Slow: the real opencode in a terminal, which takes seconds to start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { makeRemote, makeWorld, mapRepositories, REAL_OPENCODE, until, type World } from '../support/world.ts';

const REF = 'forge.test/acme/demo#14';
const TYPED = 'what-is-left-to-do';

let model: ScriptedModel;
let world: World;

beforeAll(async () => {
  model = await startScriptedModel();
  model.on(/write the greeting/, [
    { bash: 'echo hello > greeting.txt && git add greeting.txt && git commit -q -m "Add a greeting"' },
    { text: 'periwinkle' },
  ]);
  model.on(new RegExp(TYPED), [{ bash: 'echo typed > typed.txt' }, { text: 'marigold' }]);
  world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port, env: { TERM: 'xterm-256color' } });
  mapRepositories(world, { 'forge.test/acme/demo': await makeRemote(world, 'demo', { 'README.md': '# demo\n' }) });
  expect(await world.kugetsu('init', '--headless')).toMatchObject({ code: 0 });
  expect(await world.kugetsu('start', REF, 'write the greeting', '--follow')).toMatchObject({ code: 0 });
});

afterAll(async () => {
  expect(await world.destroy()).toEqual([]);
  await model.close();
});

async function stateOf(here: World): Promise<unknown> {
  const { stdout } = await here.kugetsu('list', '--json=issue_ref,state');
  const listed = JSON.parse(stdout) as { readonly issue_ref: string; readonly state: string }[];
  return listed.find(({ issue_ref: ref }) => ref === REF)?.state;
}

/** Whether something is so within a moment; if not, what it depends on is tried again. */
async function soon(condition: () => boolean): Promise<boolean> {
  return until('it is so', condition, 5000).catch(() => false);
}

test('a person goes on in the session of an issue, in its worktree, and has the terminal back afterwards', async () => {
  const attach = [...world.command, 'attach', REF].map((word) => `'${word}'`).join(' ');
  const command = `stty rows 40 cols 120; ${attach}; echo "ended with $?"; stty -a`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    cwd: world.project,
    env: world.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = once(child, 'exit');
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const press = (keys: string): (() => boolean) => {
    const before = screen.length;
    child.stdin.write(keys);
    return () => screen.length > before;
  };
  await until('what the agent said is shown', () => screen.includes('periwinkle'));
  expect(await stateOf(world)).toBe('attached');
  expect(await world.kugetsu('continue', REF, 'hello')).toMatchObject({ code: 4 });
  const reached = (): boolean => model.requests.some(({ lastUserText }) => lastUserText.includes(TYPED));
  // The interface takes keys a moment after it has drawn itself, so the message is typed until the model has it.
  await until('the message reached the model', async () => {
    if (!(await soon(press(TYPED)))) return false;
    press('\r');
    return soon(reached);
  });
  await until('the answer is shown', () => screen.includes('marigold'));
  // Leaving the terminal's alternate screen is the last thing that the interface does.
  await until('opencode was left', async () => {
    press('\u0003');
    return soon(() => screen.includes('\u001B[?1049l'));
  });
  expect(await ended).toEqual([0, null]);
  const after = screen.slice(screen.lastIndexOf('\u001B[?1049l'));
  expect(after).toContain(`${REF}: 1 commit ahead, not pushed, 1 uncommitted file`);
  expect(after).toContain(`run: kugetsu diff '${REF}'`);
  expect(after).toContain('ended with 0');
  // Lines are read whole and shown as they are typed, and the cursor is there.
  expect(after).toMatch(/(?<!-)\bicanon\b[^]*(?<!-)\becho\b/);
  expect(screen.lastIndexOf('\u001B[?25h')).toBeGreaterThan(screen.lastIndexOf('\u001B[?25l'));
  expect(await stateOf(world)).toBe('idle');
});

test('the agent goes on with what the person has said', async () => {
  expect(await world.kugetsu('continue', REF, 'go on now', '--follow')).toMatchObject({ code: 0 });
  const request = model.requests.findLast(({ lastUserText }) => lastUserText.trimEnd().endsWith('go on now'));
  for (const text of ['periwinkle', TYPED, 'marigold']) expect(JSON.stringify(request?.messages)).toContain(text);
});
