// Slow: every command is run on the home that the script left.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { remoteOf, SCRIPT_SESSIONS, scriptWorld } from '../support/compat-home.ts';
import { doctor, setAside, stateOf, storedSession } from '../support/doctor.ts';
import {
  issue,
  listed,
  listedIssue,
  readJson,
  sessionFile,
  storedSessions,
  succeeded,
  waysBack,
} from '../support/fake-world.ts';
import { tooOpen } from '../support/private-home.ts';
import { finishedTask, task, tasks } from '../support/queue-world.ts';
import { gitIn, processesOf, run, until, type World } from '../support/world.ts';

const CLONE = issue(14);
const LINKED = issue(15);
const DISCUSSION = 'forge.test/acme/demo#-discuss';
const WAITING = ['q_1774800000', 'q_1774800060', 'q_1774800120'];

const notifications = async (world: World): Promise<string[]> => {
  const { stdout } = succeeded(await world.kugetsu('notify', 'list', '--json'));
  return (JSON.parse(stdout) as { readonly message: string }[]).map(({ message }) => message);
};

const placeOf = (world: World, number: number): string =>
  join(world.home, 'worktrees', `forge.test-acme-demo-${number}`);

/** Where the work of the issue has gone, by what a command said; the work is all there, and git works in it. */
async function workMoved(world: World, said: { readonly stderr: string }): Promise<string> {
  expect(said.stderr).toContain('aside whole; to get it back: cd ');
  const directory = /^cd (\S+)$/.exec(waysBack(said)[0] ?? '')?.[1] ?? '';
  expect(readFileSync(join(directory, 'draft.txt'), 'utf8')).toBe('not even committed\n');
  expect(await gitIn(world, directory, 'log', '-1', '--format=%s')).toBe('Work that was never pushed');
  expect(await gitIn(world, directory, 'status', '--porcelain')).toBe('?? draft.txt');
  return directory;
}

test('every command that reads takes a home of the bash script as it is, and changes nothing', async () => {
  const world = await scriptWorld();
  const before = stateOf(world);
  expect(succeeded(await world.kugetsu('status')).stdout).toBe('ok\n');
  expect((await listed(world)).map(({ issue_ref: ref, session_id: id, state }) => [ref, id, state])).toEqual([
    ['(base)', SCRIPT_SESSIONS.base, 'idle'],
    ['(pm-agent)', SCRIPT_SESSIONS.pmAgent, 'idle'],
    [CLONE, SCRIPT_SESSIONS[14], 'idle'],
    [LINKED, SCRIPT_SESSIONS[15], 'idle'],
    [DISCUSSION, SCRIPT_SESSIONS.discuss, 'idle'],
  ]);
  expect((await listed(world)).slice(2)).toMatchObject([
    { branch: 'fix/issue-14', worktree: placeOf(world, 14) },
    { branch: 'fix/issue-15', worktree: placeOf(world, 15) },
    { branch: 'fix/issue--discuss', worktree: null },
  ]);
  expect((await world.kugetsu('queue-daemon', 'status')).code).toBe(3);
  expect(await notifications(world)).toEqual(['issue 13 timed out', 'issue 14: draft is ready']);
  expect(succeeded(await world.kugetsu('server', 'get', 'github')).stdout).toContain('https://github.com');
  expect(succeeded(await world.kugetsu('server', 'default')).stdout).toBe('forge\n');
  expect(succeeded(await world.kugetsu('env', 'get', 'COLOUR', 'pm-agent')).stdout).toBe('green\n');
  succeeded(await world.kugetsu('env', 'list'));
  succeeded(await world.kugetsu('logs'));
  expect(succeeded(await world.kugetsu('prune')).stderr).toBe('nothing to prune\n');
  expect((await world.kugetsu('stop', CLONE)).stderr).toContain('no agent is at work');
  const { stdout, stderr } = succeeded(await world.kugetsu('config', 'list'));
  expect(stdout).toContain('MAX_CONCURRENT_AGENTS\t5\tfile:6');
  expect(stderr).toContain('config:7: QUEUE_DAEMON_BATCH_SIZE is a setting of the bash script');
  expect(stderr.match(/config:\d+: kugetsu reads its config but does not execute it/g)).toHaveLength(2);
  expect(stateOf(world)).toEqual(before);
});

test('its tasks come by time, before newer ones, each with the agent that its issue says', async () => {
  const world = await scriptWorld();
  expect(await world.kugetsu('queue', 'stats')).toMatchObject({ code: 0, stderr: '' });
  const added = succeeded(await world.kugetsu('queue', 'enqueue', CLONE, 'a newer one')).stdout.trim();
  expect((await tasks(world)).map(({ id, type, issue_ref: ref, state }) => [id, type, ref, state])).toEqual([
    ['q_1774700000_4242', 'pm', null, 'completed'],
    ['q_1774700060', 'issue', issue(12), 'error'],
    ['q_1774800000', 'issue', CLONE, 'pending'],
    ['q_1774800060', 'pm', null, 'pending'],
    // Nobody is at it any more.
    ['q_1774800120', 'issue', LINKED, 'pending'],
    [added, 'issue', CLONE, 'pending'],
  ]);
});

test('doctor --fix drops nothing, and says of each odd thing what it is', async () => {
  const world = await scriptWorld();
  const files = ['sessions', 'queue/items'].flatMap((directory) =>
    readdirSync(join(world.home, directory)).map((name) => join(world.home, directory, name)),
  );
  const before = [...files, join(world.home, 'notifications.json')].map((path) => [path, readFileSync(path, 'utf8')]);
  const { repairs, findings } = await doctor(world, '--fix', '--fix-permissions');
  expect(before.map(([path = '']) => [path, readFileSync(path, 'utf8')])).toEqual(before);
  expect(['.', 'sessions', 'queue', 'queue/items'].flatMap((directory) => setAside(world, directory))).toEqual([]);
  expect(repairs.map(({ check, fixed }) => [check, fixed])).toEqual([
    ['home-modes', true],
    ['queue-daemon', true],
  ]);
  expect(tooOpen(world.home)).toEqual([]);
  const said = findings.map(({ level, check, message }) => `${level} ${check} ${message}`);
  expect(said).toContainEqual(expect.stringMatching(/^info config .*:7: QUEUE_DAEMON_BATCH_SIZE/));
  expect(said).toContainEqual(
    expect.stringMatching(/^warning config .*:8: kugetsu reads its config but does not exec/),
  );
  expect(said).toContainEqual(
    expect.stringMatching(/^info worktrees the worktree of .*#14 has its repository outside/),
  );
  expect(said.filter((line) => line.startsWith('error'))).toEqual([
    expect.stringMatching(/^error queue-daemon 2 tasks wait/),
  ]);
});

describe('continue goes on in the session and the worktree that are there', () => {
  test.each([
    ['a clone of its own', 14],
    ["a worktree of the user's checkout", 15],
  ] as const)('%s', async (_what, number) => {
    const world = await scriptWorld();
    const ref = issue(number);
    const place = placeOf(world, number);
    const { stdout } = succeeded(
      await world.kugetsu('continue', ref, 'fake: sh pwd; git branch --show-current', '--follow'),
    );
    expect(stdout).toContain(place);
    expect(stdout).toContain(`fix/issue-${number}`);
    const { session_id: id, run: last } = await listedIssue(world, ref);
    expect(id).toBe(SCRIPT_SESSIONS[number]);
    expect(last?.verdict).toMatchObject({ outcome: 'succeeded', evidence: { commits_ahead: 1, uncommitted_files: 1 } });
    expect(readJson(storedSession(world, SCRIPT_SESSIONS[number]))).toMatchObject({ info: { directory: place } });
    expect(readJson(sessionFile(world, ref))).toMatchObject({
      type: 'forked',
      branch: `fix/issue-${number}`,
      start_commit: await gitIn(world, remoteOf(world), 'rev-parse', 'main'),
      created_at: '2026-03-29T18:16:10+02:00',
    });
    succeeded(await world.kugetsu('continue', ref, 'and on', '--follow'));
    expect(existsSync(join(place, 'draft.txt'))).toBe(true);
  });
});

test('nobody works in a worktree that git does not know', async () => {
  const world = await scriptWorld();
  renameSync(join(placeOf(world, 14), '.git'), join(world.root, 'its-repository'));
  const refused = await world.kugetsu('continue', CLONE, 'go on', '--follow');
  expect(refused.code).toBe(1);
  expect(`${refused.stdout}${refused.stderr}`).toContain('is not a git worktree');
  expect(readJson(storedSession(world, SCRIPT_SESSIONS[14]))).toMatchObject({ info: { directory: world.project } });
});

test('a session without a worktree cannot go on, and a start keeps it', async () => {
  const world = await scriptWorld();
  const refused = await world.kugetsu('continue', DISCUSSION, 'go on');
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${DISCUSSION} has a session but no worktree`),
  });
  succeeded(await world.kugetsu('start', DISCUSSION, 'hello', '--follow'));
  expect(readJson(sessionFile(world, DISCUSSION))).toMatchObject({ previous_session_ids: [SCRIPT_SESSIONS.discuss] });
  expect(storedSessions(world)).toContain(SCRIPT_SESSIONS.discuss);
  // What the start had to ask opencode for is written down.
  expect(readJson(join(world.home, 'sessions', 'base.json'))).toMatchObject({ directory: world.project });
});

test('start moves the worktree that was there aside whole, and says how to get it back', async () => {
  const world = await scriptWorld();
  const said = succeeded(await world.kugetsu('start', CLONE, 'hello', '--follow'));
  await workMoved(world, { stderr: said.stdout });
  expect((await notifications(world)).filter((message) => message.includes('to get it back: cd '))).toHaveLength(1);
  expect(readdirSync(placeOf(world, 14)).toSorted()).toEqual(['.git', 'README.md', 'greeting.txt']);
  expect(await listedIssue(world, CLONE)).toMatchObject({ worktree: placeOf(world, 14) });
  succeeded(await world.kugetsu('start', CLONE, 'again', '--follow'));
});

test('destroy moves the worktree aside whole, and the checkout that it belongs to knows where it is', async () => {
  const world = await scriptWorld();
  const said = succeeded(await world.kugetsu('destroy', LINKED, '-y'));
  const moved = await workMoved(world, said);
  expect(said.stderr).toContain(`destroyed ${LINKED}: ${SCRIPT_SESSIONS[15]}\n`);
  expect(existsSync(placeOf(world, 15))).toBe(false);
  expect(await gitIn(world, world.project, 'worktree', 'list')).toContain(moved);
  await gitIn(world, world.project, 'worktree', 'prune');
  expect(await gitIn(world, moved, 'status', '--porcelain')).toBe('?? draft.txt');
});

test('prune leaves what belongs to an issue, and moves a clone aside whole that belongs to none', async () => {
  const world = await scriptWorld();
  renameSync(placeOf(world, 14), placeOf(world, 99));
  expect(succeeded(await world.kugetsu('prune')).stdout).toContain('forge.test-acme-demo-99');
  const said = succeeded(await world.kugetsu('prune', '--force'));
  await workMoved(world, said);
  expect(existsSync(placeOf(world, 99))).toBe(false);
  expect(existsSync(join(placeOf(world, 15), 'draft.txt'))).toBe(true);
});

test("the script's own full reset makes new base and PM agent sessions, and keeps every issue", async () => {
  const world = await scriptWorld();
  succeeded(await world.kugetsu('destroy', '--base', '-y'));
  expect((await world.kugetsu('status')).stdout).toBe('base_session_missing\n');
  succeeded(await world.kugetsu('init', '--headless'));
  expect((await world.kugetsu('status')).stdout).toBe('ok\n');
  expect((await listed(world)).slice(2).map(({ session_id: id }) => id)).toEqual([
    SCRIPT_SESSIONS[14],
    SCRIPT_SESSIONS[15],
    SCRIPT_SESSIONS.discuss,
  ]);
  expect(storedSessions(world)).toEqual(expect.arrayContaining([SCRIPT_SESSIONS[14], SCRIPT_SESSIONS[15]]));
  expect(await notifications(world)).toHaveLength(2);
  expect((await tasks(world)).filter(({ state }) => state === 'pending').map(({ id }) => id)).toEqual(WAITING);
});

test('init --force makes new ones, and the ones before are known and in opencode', async () => {
  const world = await scriptWorld();
  succeeded(await world.kugetsu('init', '--force', '--headless'));
  const { base, pmAgent } = SCRIPT_SESSIONS;
  expect(readJson(join(world.home, 'sessions', 'base.json'))).toMatchObject({ previous_session_ids: [base] });
  expect(readJson(join(world.home, 'sessions', 'pm-agent.json'))).toMatchObject({ previous_session_ids: [pmAgent] });
  expect(storedSessions(world)).toEqual(expect.arrayContaining([base, pmAgent]));
});

test('servers, variables and notifications can be changed, and are then in today’s form', async () => {
  const world = await scriptWorld();
  succeeded(await world.kugetsu('server', 'add', 'lab', 'https://gitlab.com'));
  succeeded(await world.kugetsu('env', 'set', 'COLOUR', 'red', 'pm-agent'));
  succeeded(await world.kugetsu('notify', 'send', 'a new one'));
  expect(readJson(join(world.home, 'servers.json'))).toEqual({
    default: 'forge',
    servers: {
      github: { url: 'https://github.com' },
      forge: { url: 'https://forge.test' },
      lab: { url: 'https://gitlab.com' },
    },
  });
  expect(await notifications(world)).toEqual(['issue 13 timed out', 'issue 14: draft is ready', 'a new one']);
  succeeded(await world.kugetsu('notify', 'clear'));
  expect(await notifications(world)).toEqual([]);
  expect(readJson(join(world.home, 'notifications.json'))).toMatchObject({ notifications: [{}, {}, {}, {}] });
  succeeded(await world.kugetsu('config', 'unset', 'QUEUE_DAEMON_BATCH_SIZE'));
  expect(readFileSync(join(world.home, 'config'), 'utf8')).not.toContain('BATCH');
});

test('the daemon works every task off that waited, in the sessions that were there', async () => {
  const world = await scriptWorld({ QUEUE_DAEMON_INTERVAL_MINUTES: '60' });
  onTestFinished(async () => void (await world.kugetsu('queue-daemon', 'stop')));
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  for (const id of WAITING) expect(await finishedTask(world, id)).toMatchObject({ state: 'completed', attempts: 1 });
  expect(task(world, 'q_1774800060')).toMatchObject({ type: 'pm', reply: expect.stringContaining('PM agent') });
  for (const ref of [CLONE, LINKED]) {
    expect((await listedIssue(world, ref)).run).toMatchObject({ kind: 'continue', verdict: { outcome: 'succeeded' } });
  }
  expect((await listedIssue(world, CLONE)).session_id).toBe(SCRIPT_SESSIONS[14]);
});

test("a daemon of the script's that is alive keeps a second one away, and can be stopped", async () => {
  const world = await scriptWorld();
  const program = join(world.root, 'bin', 'kugetsu');
  mkdirSync(join(world.root, 'bin'));
  writeFileSync(program, 'while :; do sleep 0.1; done\n');
  const daemon = spawn('bash', [program, 'queue-daemon', 'start'], { env: world.env, stdio: 'ignore' });
  await until('it runs', () => processesOf(world.root).some(({ command }) => command.startsWith(`bash ${program}`)));
  writeFileSync(join(world.home, 'queue', 'daemon.pid'), `${daemon.pid}\n`);
  const refused = await world.kugetsu('queue-daemon', 'start');
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("the bash script's queue daemon is running"),
  });
  expect((await world.kugetsu('queue-daemon', 'run', '--once')).code).toBe(4);
  expect(await world.kugetsu('queue-daemon', 'status')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('stop'),
  });
  const { findings } = await doctor(world);
  expect(findings).toContainEqual(
    expect.objectContaining({ level: 'error', check: 'queue-daemon', command: 'kugetsu queue-daemon stop' }),
  );
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  await until('it is gone', () => daemon.exitCode !== null || daemon.signalCode !== null);
  succeeded(await world.kugetsu('queue-daemon', 'run', '--once'));
  await until('its runs are over', async () => (await tasks(world)).every(({ state }) => state !== 'notified'));
});

test('a home whose files lack more still is read', async () => {
  const world = await scriptWorld();
  const at = (...names: string[]): string => join(world.home, ...names);
  const { issues } = readJson(at('index.json')) as { readonly issues: unknown };
  writeFileSync(at('index.json'), JSON.stringify({ base: SCRIPT_SESSIONS.base, issues }));
  writeFileSync(at('sessions', 'base.json'), JSON.stringify({ opencode_session_id: SCRIPT_SESSIONS.base }));
  writeFileSync(
    sessionFile(world, CLONE),
    JSON.stringify({ opencode_session_id: SCRIPT_SESSIONS[14], state: 'running' }),
  );
  writeFileSync(at('servers.json'), JSON.stringify({ default: 'forge', forge: 'https://forge.test' }));
  writeFileSync(at('repos.json'), JSON.stringify({ 'forge.test/acme demo#14': remoteOf(world) }));
  expect((await world.kugetsu('status')).stdout).toBe('pm_agent_missing\n');
  expect(await listedIssue(world, CLONE)).toMatchObject({ state: 'idle', worktree: placeOf(world, 14) });
  succeeded(await world.kugetsu('init', '--headless'));
  succeeded(await world.kugetsu('start', 'acme/demo#14', 'hello', '--follow'));
  expect((await listed(world))[0]?.session_id).toBe(SCRIPT_SESSIONS.base);
});

const WRONG = [
  ['sessions/forge.test-acme-demo-14.json', { issue_ref: CLONE }, ['list'], 'has no opencode_session_id'],
  [
    'sessions/base.json',
    { type: 'base', opencode_session_id: 7 },
    ['status'],
    'has a number as opencode_session_id, not text',
  ],
  ['index.json', [], ['list'], 'holds a list, not an object'],
  ['notifications.json', [{ type: 'x' }], ['notify', 'list'], 'has no notifications[0].message'],
  ['servers.json', { servers: { forge: 7 } }, ['server', 'list'], 'has a number as servers.forge, not an object'],
  [
    'repos.json',
    { 'forge.test/acme/demo': null },
    ['start', CLONE, 'x', '-f'],
    ': forge.test/acme/demo: must be a clone URL or an object',
  ],
  [
    'queue/items/q_1774800000.json',
    { state: 'done', message: 'x' },
    ['queue', 'list'],
    'has a state other than pending, notified, completed or error',
  ],
  ['queue/daemon.lock', { since: 'then' }, ['queue-daemon', 'status'], 'has no owner'],
] as const;

test('what is wrong with a file is said in words', async () => {
  const world = await scriptWorld();
  for (const [name, content, command, words] of WRONG) {
    const path = join(world.home, name);
    const before = readFileSync(path);
    writeFileSync(path, JSON.stringify(content));
    const { code, stdout, stderr } = await world.kugetsu(...command);
    writeFileSync(path, before);
    expect({ name, code, said: `${stdout}${stderr}` }).toEqual({
      name,
      code: 1,
      said: expect.stringContaining(`${path}${words.startsWith(':') ? '' : ' '}${words}`),
    });
    expect(`${stdout}${stderr}`).not.toMatch(/expected|received|Invalid/);
  }
});

test('a home that was moved has its worktrees where they are now', async () => {
  const world = await scriptWorld();
  const elsewhere = join(world.root, 'moved');
  renameSync(world.home, elsewhere);
  const there = world.withEnv({ KUGETSU_DIR: elsewhere });
  const place = join(elsewhere, 'worktrees', 'forge.test-acme-demo-14');
  const { stdout } = await run([...there.command, 'list', '--json'], { cwd: world.root, env: there.env });
  expect(stdout).toContain(place);
  succeeded(await there.kugetsu('continue', CLONE, 'hello', '--follow'));
});
