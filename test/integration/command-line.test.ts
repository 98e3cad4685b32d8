import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  fakeWorld,
  listed,
  listedIssue,
  opencodeCalls,
  readyWorld,
  REF,
  runOf,
  storedSessions,
  succeeded,
  verdictOf,
  worktreeOf,
} from '../support/fake-world.ts';
import { processesOf, run, until, type World } from '../support/world.ts';

describe('a wrong call exits 2, says what is wrong, and does nothing', () => {
  test.each([
    ['an unknown command', ['strat', REF, 'hello'], 'Did you mean start?'],
    ['an unknown command of a group', ['queue-daemon', 'strat'], 'did you mean kugetsu queue-daemon start?'],
    ['one of a group with a default', ['config', 'lst'], 'did you mean kugetsu config list?'],
    ['one that is like none', ['queue', 'xyzzyxyz'], 'run: kugetsu queue --help'],
    ['an unknown option', ['list', '--jsn'], 'Did you mean --json?'],
    ['start without anything', ['start'], "missing required argument 'issue-ref'"],
    ['start without a message', ['start', REF], "missing required argument 'message'"],
    ['an empty message', ['start', REF, ' \n'], 'the message is empty'],
    ['too many arguments', ['start', REF, 'fix', 'it'], 'too many arguments'],
    ['destroy of nothing', ['destroy', '-y'], 'destroy takes one of'],
    ['destroy of two things', ['destroy', REF, '--base', '-y'], 'destroy takes one of'],
    ['a prompt for a terminal', ['init', '--prompt', 'Know this.'], '--prompt goes with --headless'],
    ['a model without provider', ['init', '--headless', '--model', 'gpt'], 'provider/model'],
  ])('%s', async (_what, args, says) => {
    const world = fakeWorld();
    const { code, stdout, stderr } = await world.kugetsu(...args);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/^kugetsu: /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(existsSync(join(world.home, 'index.json'))).toBe(false);
  });

  test('a ref that is none, with the form that is expected', async () => {
    const world = fakeWorld();
    const refs = ['14', '#14', 'acme/demo#1', 'a/b/c', 'a/b/c#', 'a/b/c/d#1', 'a/../c#1', 'a/b/c#x', 'a/-b/c#1', ''];
    const hostile = ['a/b/c#1;id', 'a/b/$(id)#1', 'a/b/c#1\n', 'https://a/b/c#1', '../../etc#1', 'a/b/c#-x..y'];
    for (const ref of [...refs, ...hostile]) {
      const { code, stderr } = await world.kugetsu('start', ref, 'hello');
      expect({ ref, code }).toEqual({ ref, code: 2 });
      expect(stderr).toContain('instance/owner/repo#identifier');
    }
    expect((await world.kugetsu('logs', 'acme/demo#1')).code).toBe(2);
    expect((await world.kugetsu('stop', 'acme/demo#1')).code).toBe(2);
    expect((await world.kugetsu('destroy', 'acme/demo#1', '-y')).code).toBe(2);
  });

  test('destroy without -y and without a terminal: nothing is destroyed', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    const { code, stderr } = await world.kugetsu('destroy', REF);
    expect(stderr).toContain('pass -y to agree');
    expect(code).toBe(2);
    expect(existsSync(worktreeOf(world))).toBe(true);
    expect((await world.kugetsu('destroy', '--base')).code).toBe(2);
    expect((await world.kugetsu('status')).stdout).toBe('ok\n');
  });
});

test('help and version go to standard output', async () => {
  const world = fakeWorld();
  const help = succeeded(await world.kugetsu('--help'));
  expect(help).toMatchObject({ stderr: '' });
  for (const command of ['init', 'start', 'continue', 'stop', 'list', 'status', 'logs', 'destroy']) {
    expect(help.stdout).toContain(`  ${command}`);
    expect(succeeded(await world.kugetsu(command, '--help')).stdout).toContain(`kugetsu ${command}`);
  }
  expect(help.stdout).not.toContain('__runner');
  expect(succeeded(await world.kugetsu('--version')).stdout).toMatch(/^\S*\d+\.\d+\.\d+/);
});

describe('init', () => {
  test('before it, what needs it exits 3 and says what to do', async () => {
    const world = fakeWorld();
    for (const command of ['start', 'continue']) {
      const { code, stderr } = await world.kugetsu(command, REF, 'hello');
      expect(stderr).toContain('run: kugetsu init');
      expect(code).toBe(3);
    }
    expect(succeeded(await world.kugetsu('list')).stdout).toBe('');
    expect(succeeded(await world.kugetsu('list', '--json')).stdout.trim()).toBe('[]');
  });

  test('without a terminal it exits 3 and says how to do without one', async () => {
    const world = fakeWorld();
    const { code, stderr } = await world.kugetsu('init');
    expect(stderr).toContain('kugetsu init --headless');
    expect(code).toBe(3);
  });

  test('twice it exits 1 and changes nothing; with --force it makes new sessions and keeps those of issues', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    const before = await listed(world);
    const { code, stderr } = await world.kugetsu('init', '--headless');
    expect(stderr).toContain('--force');
    expect(code).toBe(1);
    expect(await listed(world)).toEqual(before);
    succeeded(await world.kugetsu('init', '--headless', '--force'));
    const after = await listed(world);
    expect(after[0]?.session_id).not.toBe(before[0]?.session_id);
    expect(after[1]?.session_id).not.toBe(before[1]?.session_id);
    expect(after[2]).toEqual(before[2]);
  });

  test('of two at once one wins, and the sessions of the other are not left in opencode', async () => {
    const world = fakeWorld();
    const outcomes = await Promise.all([1, 2].map(async () => world.kugetsu('init', '--headless')));
    expect(outcomes.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect((await world.kugetsu('status')).stdout).toBe('ok\n');
    const ids = (await listed(world)).map(({ session_id: id }) => id);
    expect(new Set(storedSessions(world))).toEqual(new Set(ids));
  });

  test('the model is given to every run', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('init', '--headless', '--force', '--model', 'acme/big-one'));
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    expect(opencodeCalls(world).at(-1)?.join(' ')).toContain('--model acme/big-one');
  });
});

describe('status is one word', () => {
  const status = async (world: World): Promise<string> => {
    const { code, stdout, stderr } = await world.kugetsu('status');
    expect(stderr).toBe('');
    const json = await world.kugetsu('status', '--json');
    expect(JSON.parse(json.stdout)).toEqual({ status: stdout.trim() });
    expect(json.code).toBe(code);
    return `${stdout.trim()} ${code}`;
  };

  test('for each of the four states, with exit code 0 only for ok', async () => {
    const world = fakeWorld();
    expect(await status(world)).toBe('kugetsu_not_initialized 3');
    succeeded(await world.kugetsu('init', '--headless'));
    expect(await status(world)).toBe('ok 0');
    succeeded(await world.kugetsu('destroy', '--pm-agent', '-y'));
    expect(await status(world)).toBe('pm_agent_missing 3');
    succeeded(await world.kugetsu('destroy', '--base', '-y'));
    expect(await status(world)).toBe('base_session_missing 3');
  });

  test('a session file that is gone is a session that is missing', async () => {
    const world = fakeWorld();
    succeeded(await world.kugetsu('init', '--headless'));
    rmSync(join(world.home, 'sessions', 'pm-agent.json'));
    expect(await status(world)).toBe('pm_agent_missing 3');
    const base = (await listed(world))[0]?.session_id;
    succeeded(await world.kugetsu('init', '--headless'));
    expect((await listed(world))[0]?.session_id).toBe(base);
    rmSync(join(world.home, 'sessions', 'base.json'));
    expect(await status(world)).toBe('base_session_missing 3');
  });
});

describe('list', () => {
  test('piped it is tab-separated, without header and escape codes', async () => {
    const world = await readyWorld({ FORCE_COLOR: '1' });
    // The agent may have failed before the command has returned.
    await world.kugetsu('start', REF, 'fake: error-status 401');
    await verdictOf(world);
    const { stdout } = succeeded(await world.kugetsu('list'));
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.map((row) => row.length)).toEqual([6, 6, 6]);
    expect(rows.map(([ref, type]) => `${ref} ${type}`)).toEqual([
      '(base) base',
      '(pm-agent) pm_agent',
      `${REF} forked`,
    ]);
    expect(rows[2]?.slice(3, 5)).toEqual([worktreeOf(world), 'failed (no_credentials)']);
    expect(stdout).not.toContain('\u001B');
    expect(stdout).not.toContain('─');
  });

  test('a reader that leaves early does no harm', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'fake: huge-line', '--follow'));
    const piped = async (pipe: string): Promise<string> => {
      const script = `"$@" ${pipe}; echo "exit \${PIPESTATUS[0]}"`;
      const options = { cwd: world.project, env: world.env };
      const { stdout, stderr } = await run(['bash', '-c', script, 'bash', ...world.command], options);
      expect(stderr).toBe('');
      return stdout.trim();
    };
    expect(await piped('list | head -1')).toMatch(/^\(base\)\t[^\n]*\nexit 0$/);
    expect(await piped(`logs '${REF}' | head -c 5 | tr -d '\\n'`)).toMatch(/exit 0$/);
    // Of a line that long only the beginning is shown; of many lines, all.
    const line = `${JSON.stringify({ type: 'text', timestamp: 0, part: { type: 'text', text: 'x'.repeat(100_000) } })}\n`;
    appendFileSync((await runOf(world)).log, line.repeat(110));
    expect(Number(/^\d+/.exec(await piped(`logs '${REF}' | wc -c`))?.[0])).toBeGreaterThan(10 * 1024 * 1024);
  });
});

test('start prints where the agent works, for people and for programs', async () => {
  const world = await readyWorld();
  const { stdout } = succeeded(await world.kugetsu('start', REF, 'hello'));
  expect(stdout).toContain(`worktree\t${worktreeOf(world)}\n`);
  await verdictOf(world);
  const json = succeeded(await world.kugetsu('continue', REF, 'more', '--json', '--follow'));
  const { session_id: id } = await listedIssue(world);
  expect(JSON.parse(json.stdout)).toMatchObject({
    issue_ref: REF,
    session: id,
    worktree: worktreeOf(world),
    branch: 'fix/issue-1',
    verdict: { class: 'ok' },
  });
});

test('an interrupt ends the following with 130, and not the agent', async () => {
  const world = await readyWorld();
  const following = world.kugetsu('start', REF, 'fake: wait-for go', '--follow');
  await until('the agent waits', () => processesOf(world.root).some(({ command }) => command.includes('until')));
  const isFollower = ({ command }: { readonly command: string }): boolean => command.includes('--follow');
  const { pid } = await until('it is followed', () => processesOf(world.root).find(isFollower));
  process.kill(pid, 'SIGINT');
  expect((await following).code).toBe(130);
  writeFileSync(join(worktreeOf(world), 'go'), '');
  expect((await verdictOf(world)).class).toBe('ok');
});
