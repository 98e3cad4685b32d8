// Slow: the whole journey on the real opencode, once with the binary and once with the bundle.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import {
  BINARY,
  BUNDLE,
  gitIn,
  makeRemote,
  makeWorld,
  mapRepositories,
  processesOf,
  REAL_OPENCODE,
  run,
  type World,
} from '../support/world.ts';

const REF = 'forge.test/acme/demo#14';
const NAME = 'forge.test-acme-demo-14';
const KNOWLEDGE = 'The secret of this project is the word periwinkle.';

interface Listed {
  readonly issue_ref: string;
  readonly type: string;
  readonly session_id: string;
  readonly worktree: string | null;
}

describe.each([
  ['the single binary', BINARY],
  ['the bundle on Node', BUNDLE],
])('one issue from init to destroy with %s', (_name, command) => {
  let model: ScriptedModel;
  let world: World;
  let worktree: string;

  beforeAll(async () => {
    model = await startScriptedModel();
    model.on(/write the greeting/, [
      { bash: 'pwd; git branch --show-current; echo "run $KUGETSU_RUN_ID"' },
      {
        bash: 'echo hello > greeting.txt && git add greeting.txt && git commit -q -m "Add a greeting" && echo draft > notes.txt',
      },
      { text: 'The greeting is there.' },
    ]);
    model.on(/count the commits/, [{ bash: 'git rev-list --count HEAD' }, { text: 'Counted.' }]);
    world = makeWorld({ opencode: REAL_OPENCODE, command, modelPort: model.port });
    worktree = join(world.home, 'worktrees', NAME);
    const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
    mapRepositories(world, { 'forge.test/acme/demo': remote });
  });

  afterAll(async () => {
    expect(await world.destroy()).toEqual([]);
    await model.close();
  });

  test('init without a terminal makes the base session and the PM agent, and status says ok', async () => {
    expect(await world.kugetsu('status')).toMatchObject({ code: 3, stdout: 'kugetsu_not_initialized\n' });
    const init = await world.kugetsu('init', '--headless', '--prompt', KNOWLEDGE);
    expect(init).toMatchObject({ code: 0 });
    expect(await world.kugetsu('status')).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
    expect(await world.kugetsu('init', '--headless')).toMatchObject({ code: 1 });
  });

  test('start --follow puts a fork of the base session to work in the worktree, and exits with its verdict', async () => {
    const { code, stdout, stderr } = await world.kugetsu('start', REF, 'write the greeting', '--follow');
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('succeeded; 1 commit ahead, not pushed, 1 uncommitted file'),
    });
    expect(stdout).toContain('The greeting is there.');
    expect(await gitIn(world, worktree, 'log', '-1', '--format=%s')).toBe('Add a greeting');
    expect(await gitIn(world, worktree, 'branch', '--show-current')).toBe('fix/issue-14');
  });

  test("what the base session was told reached the model, and the agent's directory and branch are the issue's", () => {
    const requests = model.requests.filter(({ lastUserText }) => lastUserText.includes('write the greeting'));
    expect(requests.length).toBeGreaterThanOrEqual(3);
    for (const { messages } of requests) expect(JSON.stringify(messages)).toContain('periwinkle');
    expect(requests.at(-1)?.toolResults[0]).toMatch(new RegExp(`^${worktree}\nfix/issue-14\nrun r_[0-9a-z]+`));
  });

  test('the message arrives verbatim, as the last thing that the model reads, after where the agent stands', () => {
    const request = model.requests.find(({ lastUserText }) => lastUserText.includes('write the greeting'));
    expect(request?.lastUserText.trim().split('\n')).toEqual([
      `You work on the issue ${REF}, in a git worktree of your own.`,
      'Its branch is fix/issue-14; the base branch is main.',
      'You are done when you end your turn: your last message is what is reported.',
      '',
      'write the greeting',
    ]);
  });

  test('continue goes on in the same session and worktree', async () => {
    const before = await listed(world);
    const { code } = await world.kugetsu('continue', REF, 'count the commits', '--follow');
    expect(code).toBe(0);
    expect(await listed(world)).toMatchObject({ session_id: before.session_id, worktree });
    const request = model.requests.findLast(({ lastUserText }) => lastUserText.includes('count the commits'));
    expect(request?.toolResults[0]).toContain('2');
    expect(JSON.stringify(request?.messages)).toContain('The greeting is there.');
    expect(readFileSync(join(worktree, 'notes.txt'), 'utf8')).toBe('draft\n');
  });

  test('the receipt names the opencode that worked, and the base session with what its conversation took', async () => {
    const { stdout: sessions } = await world.kugetsu('list', '--json');
    const base = (JSON.parse(sessions) as Listed[]).find(({ type }) => type === 'base');
    const { stdout } = await world.kugetsu('show', REF, '--json');
    // The scripted model says of each answer that it read 10 tokens and wrote 5.
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'continue',
      base_session: base?.session_id,
      inherited_tokens: 15,
      opencode: '1.18.33',
      commits: [{ subject: 'Add a greeting' }],
    });
  });

  test('a second start gives a clean worktree, and the printed command brings the work of the first one back', async () => {
    writeFileSync(join(worktree, 'untracked.txt'), 'precious\n');
    const before = await listed(world);
    const { code, stderr } = await world.kugetsu('start', REF, 'say hello');
    expect(code).toBe(0);
    expect(readdirSync(worktree).toSorted()).toEqual(['.git', 'README.md']);
    const restore = /to get it back: (git .*)$/m.exec(stderr)?.[1] ?? '';
    expect(await run(['sh', '-c', restore], { cwd: world.project, env: world.env })).toMatchObject({ code: 0 });
    const rescued = join(world.home, 'rescued', readdirSync(join(world.home, 'rescued'))[0] ?? '');
    expect(readFileSync(join(rescued, 'untracked.txt'), 'utf8')).toBe('precious\n');
    expect(readFileSync(join(rescued, 'greeting.txt'), 'utf8')).toBe('hello\n');
    expect((await listed(world)).session_id).not.toBe(before.session_id);
  });

  test('destroy leaves neither session nor worktree nor process', async () => {
    const follow = await world.kugetsu('logs', REF, '--follow');
    expect(follow).toMatchObject({ code: 0 });
    expect(await world.kugetsu('destroy', REF)).toMatchObject({ code: 2 });
    expect(await world.kugetsu('destroy', REF, '-y')).toMatchObject({ code: 0 });
    expect(existsSync(worktree)).toBe(false);
    expect((await world.kugetsu('list')).stdout).not.toContain(REF);
    const sessions = await run([REAL_OPENCODE, 'db', 'select title from session', '--format', 'json'], {
      cwd: world.project,
      env: world.env,
    });
    expect(sessions.stdout).not.toContain(REF);
    expect(sessions.stdout).toContain('kugetsu PM agent');
    expect(processesOf(world.root)).toEqual([]);
  });

  test('destroy --base takes the PM agent with it', async () => {
    expect(await world.kugetsu('destroy', '--base', '-y')).toMatchObject({ code: 0 });
    expect(await world.kugetsu('status')).toMatchObject({ code: 3, stdout: 'base_session_missing\n' });
    const start = await world.kugetsu('start', REF, 'write the greeting');
    expect(start).toMatchObject({ code: 3, stderr: expect.stringContaining('kugetsu init') });
  });
});

async function listed(world: World): Promise<Listed> {
  const sessions = JSON.parse((await world.kugetsu('list', '--json')).stdout) as Listed[];
  const found = sessions.find(({ issue_ref }) => issue_ref === REF);
  if (found === undefined) throw new Error(`${REF} is not listed`);
  return found;
}
