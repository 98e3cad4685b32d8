// Slow: every run starts a server, and some have to run into a deadline.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOfRun } from '../../src/adapters/process/process-table.ts';
import { listedSession } from '../support/real-world.ts';
import { finished, queued } from '../support/real-queue.ts';
import { OPENCODE2_DOUBLE, OPENCODE2_PREVIEW } from '../support/opencode2.ts';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { gitIn, killQuietly, makeRemote, makeWorld, mapRepositories, until, type World } from '../support/world.ts';

// The whole way with opencode 2: on its double always, and on the preview of it by a script of its own. On the preview each
// run starts a server, which takes seconds, so these tests are slow there.

const IS_PREVIEW = process.env['KUGETSU_TEST_OPENCODE2'] === 'preview';
const BINARY = IS_PREVIEW ? OPENCODE2_PREVIEW : OPENCODE2_DOUBLE;
const ref = (number: number): string => `forge.test/acme/demo#${number}`;
/** Deadlines for a model that says nothing: a loaded machine takes long to start the preview. */
const HURRY = { AGENT_STARTUP_TIMEOUT_SECONDS: IS_PREVIEW ? '45' : '5', AGENT_STALL_TIMEOUT_MINUTES: '0.1' };
const KNOWLEDGE = 'The secret of this project is the word periwinkle.';

interface Verdict {
  readonly outcome: string;
  readonly class: string;
  readonly retryable: boolean;
}

describe.sequential(`kugetsu with opencode 2: ${IS_PREVIEW ? 'the preview' : 'the double'}`, () => {
  let model: ScriptedModel;
  let world: World;
  let worktree: string;

  beforeAll(async () => {
    model = await startScriptedModel();
    model.on(/write the greeting/, [
      { bash: 'pwd; git branch --show-current; echo "run $KUGETSU_RUN_ID"' },
      { bash: 'echo hello > greeting.txt && git add greeting.txt && git commit -q -m "Add a greeting"' },
      { text: 'The greeting is there.' },
    ]);
    model.on(/work for long/, [{ bash: 'sleep 600' }, { text: 'That was long.' }]);
    model.on(/answer 401/, [{ status: 401 }]);
    model.on(/be cut off/, [{ cut: 'half a sen' }]);
    model.on(/be too long/, [{ text: 'and so on', finish: 'length' }]);
    model.on(/name no reason/, [{ text: 'well', finish: null }]);
    model.on(/say nothing/, [{ hang: true }]);
    model.on(/answer 500/, [{ status: 500 }]);
    model.on(/hand it out/, [
      { bash: `kugetsu start '${ref(2)}' 'write the greeting'` },
      { text: 'It is handed out.' },
    ]);
    world = makeWorld({ opencode: BINARY, modelPort: model.port });
    worktree = join(world.home, 'worktrees', 'forge.test-acme-demo-1');
    mapRepositories(world, { 'forge.test/acme/demo': await makeRemote(world, 'demo', { 'README.md': '# demo\n' }) });
  });

  afterAll(async () => {
    expect(await world.destroy()).toEqual([]);
    await model.close();
  });

  async function verdictOf(message: string, env: Readonly<Record<string, string>> = {}): Promise<Verdict> {
    const { code } = await world.withEnv(env).kugetsu('continue', ref(1), message, '--follow');
    const { run } = await listedSession(world, ref(1));
    const verdict = run?.verdict as Verdict | null | undefined;
    expect({ message, code }).toEqual({ message, code: verdict?.outcome === 'succeeded' ? 0 : 1 });
    if (verdict === null || verdict === undefined) throw new Error(`no verdict on ${message}`);
    return verdict;
  }

  /** Starts a run whose tool works. @returns its id, the process of its server and that of its runner */
  async function atWork(): Promise<{ id: string; server: number; runner: number }> {
    expect(await world.kugetsu('continue', ref(1), 'work for long')).toMatchObject({ code: 0 });
    return until('the tool', async () => {
      const { run } = await listedSession(world, ref(1));
      const [id, server, runner] = [run?.id ?? '', run?.agent_pid ?? undefined, run?.owner.pid ?? -1];
      const isAtWork = processesOfRun(id).some(({ pid }) => pid !== server && pid !== runner);
      return server !== undefined && isAtWork ? { id, server, runner } : undefined;
    });
  }

  test('no agent runs with it before it has passed its trial, which the user is told', async () => {
    const refused = await world.kugetsu('init', '--headless');
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('run: kugetsu doctor --try-opencode') });
    const { code, stdout } = await world.kugetsu('doctor', '--try-opencode', '--json');
    const report = JSON.parse(stdout) as { steps: { name: string; outcome: string; note: string }[] };
    expect(report.steps.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(code).toBe(0);
    expect(report.steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['create', 'fork', 'tool', 'ask', 'question', 'interrupt', 'kill', 'delete']),
    );
    // Nothing of it was a real model's, or in the user's own database.
    expect(model.requests).toEqual([]);
    expect(existsSync(join(world.userHome, '.local', 'share', 'opencode', 'opencode.db'))).toBe(false);
  });

  test('init makes the base session, and the home knows that opencode 2 made it', async () => {
    expect(await world.kugetsu('init', '--headless', '--prompt', KNOWLEDGE)).toMatchObject({ code: 0 });
    const base = JSON.parse(readFileSync(join(world.home, 'sessions', 'base.json'), 'utf8')) as object;
    expect(base).toMatchObject({ opencode_major: 2 });
    expect(await world.kugetsu('status')).toMatchObject({ code: 0, stdout: 'ok\n' });
  });

  test('start works in the worktree, with what the base session knows', async () => {
    const { code, stdout } = await world.kugetsu('start', ref(1), 'write the greeting', '--follow');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('The greeting is there.') });
    expect(await gitIn(world, worktree, 'log', '-1', '--format=%s')).toBe('Add a greeting');
    const requests = model.requests.filter(({ lastUserText }) => lastUserText.includes('write the greeting'));
    for (const { body } of requests) expect(body).toContain('periwinkle');
    expect(requests.at(-1)?.toolResults[0]).toMatch(new RegExp(`^${worktree}\nfix/issue-1\nrun r_[0-9a-z]+`));
  });

  test('continue knows what was said before', async () => {
    expect(await verdictOf('and now?')).toMatchObject({ outcome: 'succeeded', class: 'ok' });
    expect(model.requests.at(-1)?.body).toContain('write the greeting');
  });

  test.each([
    ['answer 401', { class: 'no_credentials', retryable: false }],
    ['be cut off', { class: 'model_failed', retryable: true }],
    ['be too long', { class: 'truncated', retryable: false }],
    ['name no reason', { class: 'model_failed', retryable: true }],
  ])('a model that is told to %s fails the run, with its class', async (message, verdict) => {
    expect(await verdictOf(message)).toMatchObject({ outcome: 'failed', ...verdict });
  });

  // Beside each other, because opencode asks again for half a minute when the model's server fails.
  test('a model that says nothing is ended by a deadline; one whose server fails, by opencode itself', async () => {
    expect(await world.kugetsu('start', ref(3), 'answer 500')).toMatchObject({ code: 0 });
    const silent = await verdictOf('say nothing', HURRY);
    expect(silent).toMatchObject({ outcome: 'failed', class: expect.stringMatching(/^(?:startup|stall)_timeout$/) });
    const verdict = await until(
      'the verdict',
      async () => (await listedSession(world, ref(3))).run?.verdict ?? undefined,
    );
    expect(verdict).toMatchObject({ outcome: 'failed', class: 'model_unavailable' });
    expect(await world.kugetsu('destroy', ref(3), '-y')).toMatchObject({ code: 0 });
  });

  test('stop ends the agent, its server and its tools', async () => {
    const { id } = await atWork();
    expect(await world.kugetsu('stop', ref(1))).toMatchObject({ code: 0 });
    expect(processesOfRun(id)).toEqual([]);
    expect((await listedSession(world, ref(1))).run?.verdict).toMatchObject({ outcome: 'stopped' });
  });

  test('a server that is killed fails the run, and takes its tools with it', async () => {
    const { id, server, runner } = await atWork();
    killQuietly(server);
    await until('the verdict', async () => (await listedSession(world, ref(1))).run?.verdict ?? undefined);
    expect((await listedSession(world, ref(1))).run?.verdict).toMatchObject({ class: 'agent_killed' });
    // The runner has something to do after the verdict.
    expect(processesOfRun(id).filter(({ pid }) => pid !== runner)).toEqual([]);
  });

  test('a runner that is killed takes the server with it, and the session can be gone on with', async () => {
    const { id, server, runner } = await atWork();
    killQuietly(runner);
    // The server has lost its lease: nobody has to look for it.
    await until('the end of the server', () => !existsSync(`/proc/${server}`));
    expect((await listedSession(world, ref(1))).run?.verdict).toMatchObject({ class: 'runner_died' });
    expect(processesOfRun(id)).toEqual([]);
    const calls = model.requests.filter(({ lastUserText }) => lastUserText.includes('work for long')).length;
    expect(await verdictOf('go on')).toMatchObject({ outcome: 'succeeded' });
    expect(model.requests.filter(({ lastUserText }) => lastUserText.includes('work for long'))).toHaveLength(calls);
  });

  test('the PM agent hands a task out, and the task is done when its child is', async () => {
    expect(await world.kugetsu('queue-daemon', 'start')).toMatchObject({ code: 0 });
    const { id } = await queued(world, 'delegate', 'hand it out');
    expect(await finished(world, id)).toMatchObject({
      state: 'completed',
      children: [{ issue_ref: ref(2), outcome: 'succeeded' }],
    });
    expect((await listedSession(world, ref(2))).run?.verdict).toMatchObject({ outcome: 'succeeded' });
    expect(await world.kugetsu('queue-daemon', 'stop')).toMatchObject({ code: 0 });
  });

  test('doctor finds nothing wrong, and destroy leaves no session behind', async () => {
    const { stdout } = await world.kugetsu('doctor', '--json', '--no-model');
    const { findings } = JSON.parse(stdout) as { findings: { level: string; message: string }[] };
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(findings.map(({ message }) => message).join('\n')).toContain('experimental');
    for (const number of [1, 2]) {
      expect(await world.kugetsu('destroy', ref(number), '-y')).toMatchObject({ code: 0 });
    }
  });
});
