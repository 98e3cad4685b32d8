import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readyWorld, REF, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { reopenRun } from '../support/run-records.ts';
import { killed, processesOf, until, type World } from '../support/world.ts';

const WORK = 'fake: sh echo begun > begun; sleep 600';

/** Starts an agent whose tool has written the file `begun` and now sleeps. */
async function atWork(world: World): Promise<{ readonly runner: number; readonly agent: number }> {
  succeeded(await world.kugetsu('start', REF, WORK));
  await until('the tool runs', () => existsSync(join(worktreeOf(world), 'begun')));
  const { owner, agent_pid: agent } = await runOf(world);
  expect(agent).not.toBeNull();
  return { runner: owner.pid, agent: agent ?? 0 };
}

test('the runner is killed: list says so, ends the agent and its tools, and the issue can go on', async () => {
  const world = await readyWorld();
  const { runner } = await atWork(world);
  await killed(runner);
  expect(processesOf(world.root)).not.toEqual([]);
  expect(await runOf(world)).toMatchObject({
    phase: 'ended',
    verdict: { outcome: 'failed', class: 'runner_died', retryable: true, evidence: { uncommitted_files: 1 } },
  });
  expect(processesOf(world.root)).toEqual([]);
  const { id, log } = await runOf(world);
  expect(existsSync(join(world.home, 'runs', id))).toBe(false);
  expect(readFileSync(log, 'utf8')).toContain('runner_died');
  succeeded(await world.kugetsu('continue', REF, 'go on', '--follow'));
  expect((await verdictOf(world)).class).toBe('ok');
});

test('the agent is killed: its tools end too, and the verdict says which signal it was', async () => {
  const world = await readyWorld();
  const { agent } = await atWork(world);
  process.kill(agent, 'SIGKILL');
  const verdict = await verdictOf(world);
  expect(verdict).toMatchObject({ outcome: 'failed', class: 'agent_killed', evidence: { uncommitted_files: 1 } });
  expect(verdict.message).toContain('SIGKILL');
  await until('nothing is left', () => processesOf(world.root).length === 0);
});

test('runner and agent are killed: the tool that is left is found and ended', async () => {
  const world = await readyWorld();
  const { runner, agent } = await atWork(world);
  await Promise.all([runner, agent].map(killed));
  expect(processesOf(world.root).map(({ command }) => command)).toContain('sleep 600');
  expect((await runOf(world)).verdict).toMatchObject({ class: 'runner_died' });
  expect(processesOf(world.root)).toEqual([]);
});

test('whoever follows the log is told when the runner is killed', async () => {
  const world = await readyWorld();
  const { runner } = await atWork(world);
  const following = world.kugetsu('logs', REF, '--follow');
  await until('logs follows', () => processesOf(world.root).some(({ command }) => command.includes('logs')));
  process.kill(runner, 'SIGKILL');
  const { code, stdout } = await following;
  expect(code).toBe(1);
  expect(stdout).toContain('runner_died');
});

// A run that seems to be on, and whose owner is described by `owner`; its agent has the pid of a process of somebody else.
async function withOwner(owner: Readonly<Record<string, unknown>>): Promise<{ world: World; bystander: number }> {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void bystander.kill('SIGKILL'));
  const described = { pid: bystander.pid, process_start: startOf(bystander.pid ?? 0), ...owner };
  reopenRun(world, { owner: described, agent: bystander.pid ?? 0 });
  return { world, bystander: bystander.pid ?? 0 };
}

// proc(5): field 22, counted after the command's name.
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function isRunning(pid: number): boolean {
  return /\) [RSD] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

test('a run from before a reboot has died, although its pid and start time fit a process of now', async () => {
  const { world, bystander } = await withOwner({ boot_id: '00000000-0000-4000-8000-000000000000' });
  expect((await runOf(world)).verdict).toMatchObject({ class: 'runner_died' });
  expect(isRunning(bystander)).toBe(true);
});

test('a run whose pid now belongs to another process has died, and that process is left alone', async () => {
  const { world, bystander } = await withOwner({ process_start: '1' });
  expect((await runOf(world)).verdict).toMatchObject({ class: 'runner_died' });
  expect(isRunning(bystander)).toBe(true);
  succeeded(await world.kugetsu('start', REF, 'again', '--follow'));
});

test('a run whose process is alive is left as it is', async () => {
  const { world } = await withOwner({});
  expect(await runOf(world)).toMatchObject({ phase: 'working', verdict: null });
  const { code, stderr } = await world.kugetsu('start', REF, 'again');
  expect(stderr).toContain('at work');
  expect(code).toBe(4);
});
