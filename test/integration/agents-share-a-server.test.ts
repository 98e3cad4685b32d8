// Slow: servers are started, killed and left, each several times.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue, listedIssue, readyWorld, REF, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { identityOf } from '../../src/adapters/process/process-identity.ts';
import { programFacts } from '../../src/adapters/opencode/find-opencode.ts';
import { BROUGHT_ALONG, rememberTried } from '../../src/adapters/opencode/tried.ts';
import { age } from '../support/prune-world.ts';
import { serverPids } from '../support/server-pids.ts';
import { busy, logOf, sharingWorld } from '../support/sharing-world.ts';
import { FAKE_OPENCODE, killQuietly, processesOf, until, type World } from '../support/world.ts';

test('agents at once work in one server, each with its own variables, and it ends itself after them', async () => {
  const world = await sharingWorld();
  const refs = [1, 2, 3, 4].map(issue);
  const message = 'fake: sh echo "$KUGETSU_RUN_ID $TMPDIR $PWD $OPENCODE_SERVER_PASSWORD$KUGETSU_ENGINE."';
  const outcomes = await Promise.all(refs.map(async (ref) => world.kugetsu('start', ref, message, '--follow')));
  expect(outcomes.map(({ code }) => code)).toEqual(refs.map(() => 0));
  const pids = new Set<unknown>();
  for (const ref of refs) {
    const { id, agent_pid: pid, verdict } = await runOf(world, ref);
    pids.add(pid);
    expect(verdict?.reply).toMatch(new RegExp(`^It printed: ${id} \\S+/${id} ${worktreeOf(world, ref)} \\.$`));
  }
  expect(pids.size).toBe(1);
  await until('the server has ended itself', () => processesOf(world.root).length === 0);
  expect(serverPids(world.home)).toEqual([]);
});

test('what is written down of a server opens it to nobody', async () => {
  const world = await sharingWorld();
  const pid = await busy(world, REF);
  const directory = join(world.home, 'engine');
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  const password = environment.find((entry) => entry.startsWith('OPENCODE_SERVER_PASSWORD='))?.split('=')[1] ?? '';
  expect(password).toMatch(/^[0-9a-f]{48}$/);
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(password);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(directory)) {
    const facts = statSync(join(directory, name));
    expect([name, facts.mode & 0o077]).toEqual([name, 0]);
    if (facts.isFile()) expect(readFileSync(join(directory, name), 'utf8')).not.toContain(password);
  }
  expect(await logOf(world)).not.toContain(password);
  succeeded(await world.kugetsu('stop', REF));
});

/** The commands of opencode that were called since this was asked last, but those of agents and queries. */
function shortCommands(world: World): string[] {
  const path = join(world.userHome, '.local', 'share', 'fake-opencode', 'calls.jsonl');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  rmSync(path, { force: true });
  const names = lines.map((line) => (JSON.parse(line) as string[])[0] ?? '');
  // The stand-in has its sessions in no database that a plugin could read.
  return names.filter((name) => !['run', 'db', 'debug'].includes(name));
}

test('where a server is or is started, a start, a continue and a destroy start no short opencode for a session', async () => {
  const world = await sharingWorld({ AGENT_SERVER_IDLE_SECONDS: '60' });
  shortCommands(world);
  // It is started while the worktree is made, and the fork waits for it.
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  expect(shortCommands(world)).toEqual(['serve']);
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  succeeded(await world.kugetsu('continue', issue(2), 'go on', '--follow'));
  const { session_id: session } = await listedIssue(world, issue(2));
  succeeded(await world.kugetsu('destroy', issue(2), '--yes'));
  expect(shortCommands(world)).toEqual([]);
  expect(existsSync(join(world.root, 'deleted-sessions', `${session}.json`))).toBe(true);
  for (const pid of serverPids(world.home)) killQuietly(pid);
});

test('a fork that the server does not store is imported by a short opencode', async () => {
  const world = await sharingWorld({ AGENT_SERVER_IDLE_SECONDS: '60', FAKE_OPENCODE_REPLAY: 'refused' });
  for (const number of [1, 2]) {
    shortCommands(world);
    succeeded(await world.kugetsu('start', issue(number), 'hello', '--follow'));
    expect(shortCommands(world)).toContain('import');
  }
  for (const pid of serverPids(world.home)) killQuietly(pid);
});

test('stop ends one agent with what it left, its neighbour stays, and continue goes on in the same session', async () => {
  const world = await sharingWorld();
  const [pid, neighbour] = [await busy(world, issue(1)), await busy(world, issue(2))];
  expect(pid).toBe(neighbour);
  const { session_id: session } = await listedIssue(world, issue(1));
  const { stdout } = await world.kugetsu('doctor');
  expect(stdout).toMatch(/1 server running; [0-9a-f]{12}: opencode 1\.18\.33, 2 agents, [0-9.]+ [KMG]i?B/);
  expect((await world.kugetsu('prune')).stdout).not.toContain('server');
  succeeded(await world.kugetsu('stop', issue(1)));
  expect(await verdictOf(world, issue(1))).toMatchObject({ outcome: 'stopped', class: 'stopped' });
  expect(processesOf(world.root, `KUGETSU_RUN_ID=${(await runOf(world, issue(1))).id}`)).toEqual([]);
  expect((await runOf(world, issue(2))).phase).toBe('working');
  succeeded(await world.kugetsu('continue', issue(1), 'go on', '--follow'));
  expect(await listedIssue(world, issue(1))).toMatchObject({ session_id: session });
  expect((await runOf(world, issue(1))).agent_pid).toBe(pid);
  succeeded(await world.kugetsu('stop', issue(2)));
});

test('a server that is killed ends its runs as engine_died, and each goes on as a process', async () => {
  const world = await sharingWorld();
  const pid = await busy(world, issue(1));
  await busy(world, issue(2));
  killQuietly(pid);
  for (const ref of [issue(1), issue(2)]) {
    expect(await verdictOf(world, ref)).toMatchObject({ outcome: 'failed', class: 'engine_died', retryable: true });
  }
  await until('nothing is left', () => processesOf(world.root).length === 0);
  expect((await world.kugetsu('doctor')).stdout).toContain('1 shared server of opencode died or got lost');
  expect((await world.kugetsu('prune')).stdout).toContain('a server that has died');
  succeeded(await world.kugetsu('prune', '--force'));
  expect(serverPids(world.home)).toEqual([]);
  succeeded(await world.kugetsu('continue', issue(1), 'go on', '--follow'));
  expect(await logOf(world, issue(1))).toContain('a server died while this agent worked in it');
  // Others share the next one.
  succeeded(await world.kugetsu('start', issue(3), 'hello', '--follow'));
  expect(await logOf(world, issue(3))).not.toContain('no shared server');
});

test('a server that whoever started it left, before it was ready or written down, is ended by doctor --fix', async () => {
  const world = await sharingWorld();
  const lost: number[] = [];
  for (const [key, isRecorded] of [
    ['0123456789ab', true],
    ['ba9876543210', false],
  ] as const) {
    const env = { ...world.env, KUGETSU_DIR: world.home, KUGETSU_RUN_ID: `e_${key}` };
    const child = spawn('sleep', ['600'], { env, stdio: 'ignore' });
    const pid = child.pid ?? -1;
    lost.push(pid);
    mkdirSync(join(world.home, 'engine'), { recursive: true, mode: 0o700 });
    const record = { ...identityOf(pid), version: '1.18.33' };
    if (isRecorded) writeFileSync(join(world.home, 'engine', `${key}.json`), JSON.stringify(record), { mode: 0o600 });
  }
  expect((await world.kugetsu('doctor')).stdout).toContain('2 shared servers of opencode died or got lost');
  succeeded(await world.kugetsu('doctor', '--fix'));
  expect(processesOf(world.root).filter(({ pid }) => lost.includes(pid))).toEqual([]);
  expect(serverPids(world.home)).toEqual([]);
});

test('what a server has left of which nothing is written down is removed by prune, and its lock by doctor --fix', async () => {
  const world = await sharingWorld();
  const engine = join(world.home, 'engine');
  const lock = join(engine, '0123456789ab.lock');
  mkdirSync(join(engine, '0123456789ab.tmp'), { recursive: true, mode: 0o700 });
  mkdirSync(lock, { mode: 0o700 });
  // A record that was not written to its end.
  const cutOff = join(engine, '.0123456789ab.json.cabaa88ca7f1.tmp');
  writeFileSync(cutOff, '', { mode: 0o600 });
  for (const path of [lock, cutOff]) age(path);
  succeeded(await world.kugetsu('doctor', '--fix', '--no-model'));
  expect(readdirSync(engine).toSorted()).toEqual(['.0123456789ab.json.cabaa88ca7f1.tmp', '0123456789ab.tmp']);
  succeeded(await world.kugetsu('prune', '--force'));
  expect(readdirSync(engine)).toEqual([]);
  // One that ends itself leaves nothing but its plugin.
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  await until('the server has ended itself', () => processesOf(world.root).length === 0);
  expect(readdirSync(engine).filter((name) => !name.startsWith('plugin-'))).toEqual([]);
});

test('it is no attempt of a task, which is tried again and succeeds as a process', async () => {
  const world = await sharingWorld();
  succeeded(
    await world.kugetsu('queue', 'enqueue', REF, `fake: sh echo x >> begun; [ $(wc -l < begun) -gt 1 ] || sleep 600`),
  );
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  await until('the tool runs', () => existsSync(join(worktreeOf(world), 'begun')));
  const pid = await until('the agent is at work', async () => (await runOf(world)).agent_pid ?? undefined);
  killQuietly(pid);
  const task = await until('the task is completed', async () => {
    const [found] = JSON.parse((await world.kugetsu('queue', 'list', '--json')).stdout) as {
      readonly state: string;
      readonly attempts: number;
    }[];
    return found?.state === 'completed' ? found : undefined;
  });
  expect(task.attempts).toBe(1);
  expect(await logOf(world)).toContain('a server died while this agent worked in it');
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
});

test('a runner that is killed takes its turn with it, and the server and its neighbour stay', async () => {
  const world = await sharingWorld();
  await busy(world, issue(1));
  const pid = await busy(world, issue(2));
  const { owner } = await runOf(world, issue(1));
  killQuietly(owner.pid);
  expect(await verdictOf(world, issue(1))).toMatchObject({ class: 'runner_died' });
  expect((await runOf(world, issue(2))).phase).toBe('working');
  expect(serverPids(world.home)).toEqual([pid]);
  succeeded(await world.kugetsu('stop', issue(2)));
});

test.each([
  ['with --debug', [], ['--debug'], '--debug needs the log of one agent'],
  ['with AGENT_PROJECT_CONFIG=on', [['AGENT_PROJECT_CONFIG', 'on']], [], 'AGENT_PROJECT_CONFIG is on'],
  ['with OPENCODE_PURE', [['OPENCODE_PURE', '1']], [], 'OPENCODE_PURE is set'],
] as const)('an agent is a process all the same %s, and its log says why', async (_, env, flags, why) => {
  const world = await sharingWorld(Object.fromEntries(env));
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow', ...flags));
  expect(await logOf(world)).toContain(`a process of its own, and no shared server: ${why}`);
  expect(serverPids(world.home)).toEqual([]);
});

test('init has opencode install its own package, so that the first agent shares a server', async () => {
  const world = (await readyWorld()).withEnv({ AGENT_ENGINE: 'server', AGENT_SERVER_IDLE_SECONDS: '1' });
  const { stderr } = succeeded(await world.kugetsu('init', '--headless', '--force'));
  expect(stderr).not.toContain('note:');
  expect(processesOf(world.root)).toEqual([]);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(await logOf(world)).not.toContain('no shared server');
  await until('the server has ended itself', () => processesOf(world.root).length === 0);
});

test('where the registry does not answer, init says so soon, and agents are processes that wait for nothing', async () => {
  const world = (await readyWorld()).withEnv({ AGENT_ENGINE: 'server', FAKE_OPENCODE_REGISTRY: 'refuses' });
  const { stderr } = succeeded(await world.kugetsu('init', '--headless', '--force'));
  expect(stderr).toContain('note: no agent shares a server yet, and each is a process of its own: opencode has not');
  expect(processesOf(world.root)).toEqual([]);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(await logOf(world)).toContain('opencode has not installed its own package yet');
  expect(serverPids(world.home)).toEqual([]);
  const { stdout } = await world.kugetsu('doctor');
  expect(stdout).toContain(
    'none shares a server (AGENT_ENGINE=server): opencode has not installed its own package yet',
  );
});

test('with a mistake in the config doctor asks the model all the same', async () => {
  const world = await sharingWorld();
  const { stdout } = await world.withEnv({ MAX_CONCURRENT_AGENTS: 'many' }).kugetsu('doctor');
  expect(stdout).toMatch(/^error\tconfig\t/m);
  expect(stdout).toMatch(/^ok\tmodel\t/m);
});

test('doctor says which engine is used', async () => {
  const world = await sharingWorld();
  expect((await world.kugetsu('doctor')).stdout).toContain('agents share a server (AGENT_ENGINE=server)');
  const { stdout } = await world.withEnv({ AGENT_ENGINE: 'auto' }).kugetsu('doctor');
  expect(stdout).toContain(
    'each agent is a process of its own (AGENT_ENGINE=auto: to share a server, a trial has to pass',
  );
});

/** As `doctor --try-opencode` does when everything has passed. */
async function passTrial(world: World, server: string = BROUGHT_ALONG): Promise<void> {
  const facts = await programFacts(FAKE_OPENCODE);
  await rememberTried(join(world.home, 'opencode-tried.json'), { facts, version: '1.18.33', server }, Date.now());
}

test('by itself kugetsu has agents share a server where that has passed a trial, and only there', async () => {
  const world = await sharingWorld({ AGENT_ENGINE: 'auto', AGENT_SERVER_IDLE_SECONDS: '60' });
  succeeded(await world.kugetsu('start', issue(1), 'hello', '--follow'));
  // Whatever another kugetsu brought into the server says nothing of what this one brings.
  await passTrial(world, 'of-another-kugetsu');
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(existsSync(join(world.home, 'engine'))).toBe(false);
  await passTrial(world);
  expect((await world.kugetsu('doctor')).stdout).toContain('agents share a server (AGENT_ENGINE=auto)');
  // A slow machine has a server too late, and an agent a process of its own: another one is started, twice at most.
  let ref = issue(3);
  let pid = await busy(world, ref);
  for (const next of [issue(4), issue(5)]) {
    if (serverPids(world.home).includes(pid)) break;
    expect(await logOf(world, ref)).toContain('no shared server: it was not ready within 8 s');
    succeeded(await world.kugetsu('stop', ref));
    ref = next;
    pid = await busy(world, ref);
  }
  expect(serverPids(world.home)).toEqual([pid]);
  // It was not asked for by name, and the log does not say that there is none.
  expect(await logOf(world, issue(1))).not.toContain('no shared server');
  succeeded(await world.kugetsu('stop', ref));
  killQuietly(pid);
});

test('a server that kugetsu takes by itself, and that is not ready in time, keeps no agent waiting', async () => {
  const world = await sharingWorld({ AGENT_ENGINE: 'auto', FAKE_OPENCODE_SERVE: 'hangs' });
  await passTrial(world);
  shortCommands(world);
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  expect(await logOf(world)).toContain('no shared server: it was not ready within 8 s');
  // It waits for it once, and not once more when the agent is to begin.
  expect(shortCommands(world).filter((name) => name === 'serve')).toEqual(['serve']);
  expect(processesOf(world.root)).toEqual([]);
});
