// Slow: the real opencode takes seconds to start, and every command is run on the home that the script left.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { succeeded, waysBack } from '../support/fake-world.ts';
import { listedSession } from '../support/real-world.ts';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { gitIn, makeRemote, makeWorld, REAL_OPENCODE, run, type World } from '../support/world.ts';

const REF = 'forge.test/acme/demo#14';
const NAME = 'forge.test-acme-demo-14';

interface Stored {
  readonly id: string;
  readonly directory: string;
  readonly permission: string | null;
}

// The sessions are the real ones' own: four turns of opencode as the script called it, and what kugetsu makes of them.
describe('sessions that the bash script made with the real opencode', () => {
  let model: ScriptedModel;
  let world: World;
  let worktree: string;
  const ids = { base: '', pmAgent: '', issue: '' };

  /** Calls opencode in the project, as the script did. @returns the id of the session */
  async function opencode(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run([REAL_OPENCODE, 'run', '--format', 'json', ...args], {
      cwd: world.project,
      env: { ...world.env, PWD: world.project },
    });
    const id = /"sessionID":"(ses_\w+)"/.exec(stdout)?.[1];
    if (id === undefined) throw new Error(`opencode made no session: ${stderr}`);
    return id;
  }

  /** What opencode has stored of these sessions. */
  async function stored(): Promise<Stored[]> {
    const query = 'select id, directory, permission from session';
    const { stdout } = await run([REAL_OPENCODE, 'db', query, '--format', 'json'], { cwd: world.root, env: world.env });
    return JSON.parse(stdout) as Stored[];
  }

  beforeAll(async () => {
    model = await startScriptedModel();
    model.on(/read the project/, [{ text: 'The word of this project is periwinkle.' }]);
    model.on(/fix the login/, [{ text: 'The login is half fixed.' }]);
    model.on(/add unit tests/, [
      { bash: 'pwd; git branch --show-current; cat draft.txt' },
      { text: 'Tests are there.' },
    ]);
    world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port });
    worktree = join(world.home, 'worktrees', NAME);
    const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
    await gitIn(world, world.root, 'clone', '--quiet', remote, world.project);
    ids.base = await opencode('read the project');
    ids.pmAgent = await opencode('--fork', '--session', ids.base, 'you are the PM agent');
    ids.issue = await opencode('--fork', '--session', ids.base, 'fix the login');
    expect(await opencode('--continue', '--session', ids.issue, 'fix the login now')).toBe(ids.issue);
    await leaveHome(remote);
    // Each start of opencode takes half a minute when the machine is busy.
  }, 300_000);

  /** The files that the script left, and the clone in which it thought that its agent works. */
  async function leaveHome(remote: string): Promise<void> {
    mkdirSync(join(world.home, 'worktrees'), { recursive: true });
    mkdirSync(join(world.home, 'sessions'));
    const write = (name: string, content: unknown): void =>
      writeFileSync(join(world.home, name), JSON.stringify(content, null, 2));
    const file = (type: string, id: string, more = {}): unknown => ({
      type,
      opencode_session_id: id,
      worktree_path: null,
      created_at: '2026-03-29T18:16:10+02:00',
      state: 'idle',
      ...more,
    });
    write('index.json', { base: ids.base, pm_agent: ids.pmAgent, issues: { [REF]: `${NAME}.json` } });
    write('repos.json', { 'forge.test/acme demo': remote });
    write('sessions/base.json', file('base', ids.base));
    write('sessions/pm-agent.json', file('pm_agent', ids.pmAgent));
    write(`sessions/${NAME}.json`, file('forked', ids.issue, { issue_ref: REF, worktree_path: worktree }));
    await gitIn(world, world.root, 'clone', '--quiet', remote, worktree);
    await gitIn(world, worktree, 'checkout', '--quiet', '-b', 'fix/issue-14');
    writeFileSync(join(worktree, 'draft.txt'), 'not even committed\n');
  }

  afterAll(async () => {
    expect(await world.destroy()).toEqual([]);
    await model.close();
  });

  // Each of these starts opencode, for some seconds.
  test('status is ok, and the sessions are listed as they are', async () => {
    // opencode's own fork is in the directory of the base, whatever the script believed.
    expect((await stored()).find(({ id }) => id === ids.issue)).toMatchObject({ directory: world.project });
    expect(await world.kugetsu('status')).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
    expect(await listedSession(world, '(base)')).toMatchObject({ session_id: ids.base });
    expect(await listedSession(world, '(pm-agent)')).toMatchObject({ session_id: ids.pmAgent });
    expect(await listedSession(world, REF)).toMatchObject({ session_id: ids.issue, worktree, state: 'idle' });
  });

  // As above.
  test('continue goes on in the same session, with all that was said, in the clone and with the rules of kugetsu', async () => {
    const { stdout } = succeeded(await world.kugetsu('continue', REF, 'add unit tests', '--follow'));
    expect(stdout).toContain('Tests are there.');
    const request = model.requests.findLast(({ lastUserText }) => lastUserText.includes('add unit tests'));
    expect(request?.toolResults[0]).toContain(`${worktree}\nfix/issue-14\nnot even committed`);
    for (const said of ['periwinkle', 'half fixed']) expect(JSON.stringify(request?.messages)).toContain(said);
    expect(await listedSession(world, REF)).toMatchObject({
      session_id: ids.issue,
      run: { verdict: { outcome: 'succeeded' } },
    });
    const own = (await stored()).find(({ id }) => id === ids.issue);
    expect(own).toMatchObject({ directory: worktree });
    expect(own?.permission).toContain('"question"');
  });

  // As above.
  test('a new issue is forked from the base that the script made', async () => {
    succeeded(await world.kugetsu('start', 'forge.test/acme/demo#15', 'fix the login', '--follow'));
    const request = model.requests.findLast(({ lastUserText }) => lastUserText.includes('fix the login'));
    expect(JSON.stringify(request?.messages)).toContain('periwinkle');
    expect(await listedSession(world, 'forge.test/acme/demo#15')).toMatchObject({
      worktree: join(world.home, 'worktrees', 'forge.test-acme-demo-15'),
    });
  });

  // As above.
  test('destroy deletes the session in opencode, and moves the clone aside whole', async () => {
    const said = succeeded(await world.kugetsu('destroy', REF, '-y'));
    const [, moved = ''] = /^cd (\S+)$/.exec(waysBack(said)[0] ?? '') ?? [];
    expect(readFileSync(join(moved, 'draft.txt'), 'utf8')).toBe('not even committed\n');
    expect(await gitIn(world, moved, 'branch', '--show-current')).toBe('fix/issue-14');
    expect(existsSync(worktree)).toBe(false);
    const left = (await stored()).map(({ id }) => id);
    expect(left).not.toContain(ids.issue);
    expect(left).toEqual(expect.arrayContaining([ids.base, ids.pmAgent]));
    expect((await world.kugetsu('status')).stdout).toBe('ok\n');
  });
});
