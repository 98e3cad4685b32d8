// Lets many people use one kugetsu at once, on few issues, while its daemon works: they start, continue, stop, destroy, prune,
// repair and clear at random, and processes are killed. Then it checks that no work and no task was lost, that no two agents
// were in one worktree, that nothing is blocked or left behind, and that every way back that was printed works when pasted.
// Usage: bun scripts/chaos.ts [--seed N] [--seconds N] [--workers N] [--issues N] [--git oldest|newest]
// The seed decides what each worker does, in which order; what falls together is up to the machine. CHAOS_KEEP=1 keeps the world.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { QueueItem } from '../src/domain/queue/queue-item.ts';
import { report } from '../test/support/faults/figures.ts';
import { counted, leaked, lost } from '../test/support/faults/problems.ts';
import { leftBehind, soundState } from '../test/support/faults/promises.ts';
import { otherGit } from '../test/support/gits.ts';
import {
  FAKE_OPENCODE,
  killQuietly,
  makeRemote,
  makeWorld,
  mapRepositories,
  processesOf,
  until,
} from '../test/support/world.ts';
import { doubledAgents, lostWork, misbehaviour, noted, tryWaysBack, waysIn } from './chaos/checks.ts';
import { nextOperation, type Operation } from './chaos/operations.ts';
import { randomFrom, type Random } from './chaos/random.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    seconds: { type: 'string', default: '120' },
    workers: { type: 'string', default: '8' },
    issues: { type: 'string', default: '4' },
    git: { type: 'string' },
  },
});
const SEED = Number(options.seed);
const COMMAND_LIMIT_MS = 180_000;
const REPOSITORY = 'forge.test/acme/demo';
const issues = Array.from({ length: Number(options.issues) }, (_, index) => `${REPOSITORY}#${index + 1}`);

const world = makeWorld({
  opencode: FAKE_OPENCODE,
  env: {
    PATH: pathFor(options.git),
    MAX_CONCURRENT_AGENTS: '4',
    QUEUE_RETRY_BASE_SECONDS: '0.1',
    BREAKER_FAILURES: '0',
    QUEUE_DAEMON_INTERVAL_MINUTES: '1',
  },
});
const problems: string[] = [];
const ways = new Set<string>();
const printed = new Set<string>();
const counts = new Map<string, number>();
const commands = new Set<number>();
let kills = 0;
let names = 0;
let made = 0;

console.log(`seed ${SEED}`);
try {
  await prepare();
  const endsAt = Date.now() + Number(options.seconds) * 1000;
  await Promise.all(Array.from({ length: Number(options.workers) }, async (_, index) => work(index, endsAt)));
  await comeToRest();
  await check();
} catch (error) {
  problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  if (process.env['CHAOS_KEEP'] === undefined) await world.destroy();
  else console.log(`kept: ${world.root}`);
}
for (const [name, count] of [...counts].toSorted(([one], [other]) => one.localeCompare(other)))
  console.log(`${name.padEnd(24)}${count}`);
console.log(`kills ${kills}, agents that left work ${made}, ways back ${ways.size}, tasks ${printed.size}`);
for (const problem of problems) console.error(`OFF: ${problem}`);
report({
  part: 'chaos of commands',
  crash_points: kills,
  writers: Number(options.workers),
  tasks: printed.size,
  ...counted(problems),
});
console.log(
  problems.length === 0 ? 'Everything is as it should be.' : `${problems.length} things are off (seed ${SEED}).`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

async function prepare(): Promise<void> {
  mkdirSync(join(world.root, 'notes'));
  copyFileSync(join(import.meta.dirname, 'chaos', 'agent.sh'), join(world.root, 'agent.sh'));
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
  mapRepositories(world, { [REPOSITORY]: remote });
  await mustWork('init', '--headless', '--prompt', 'Know this project.');
  await mustWork('queue-daemon', 'start');
}

/** PATH with the oldest or the newest git first, or as it is. */
function pathFor(git: string | undefined): string {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  if (git === undefined) return path;
  if (git !== 'oldest' && git !== 'newest') throw new Error(`--git is oldest or newest, not ${git}`);
  return `${otherGit(git)}:${path}`;
}

/** What one person does until the time is over. */
async function work(index: number, endsAt: number): Promise<void> {
  const random = randomFrom(SEED * 1000 + index);
  while (Date.now() < endsAt) await perform(drawn(random, index));
}

function drawn(random: Random, index: number): Operation {
  const name = (): string => `w${index}-${(names += 1)}`;
  return nextOperation(random, { issues, agent: join(world.root, 'agent.sh'), name });
}

async function perform(operation: Operation): Promise<void> {
  if (operation.kind === 'kill') return killOne(operation);
  const { args } = operation;
  const name = args.slice(0, args[0] === 'queue' || args[0] === 'env' || args[0] === 'queue-daemon' ? 2 : 1).join(' ');
  counts.set(name, (counts.get(name) ?? 0) + 1);
  const { code, killed, stdout, stderr } = await called(args);
  learnWays(args, `${stdout}\n${stderr}`);
  if (killed) return;
  problems.push(...misbehaviour(args, code, stderr));
  for (const id of stdout.match(/^q_[0-9a-z]{17}$/gm) ?? []) printed.add(id);
}

interface Called {
  readonly code: number;
  /** Whether this script has killed it. */
  readonly killed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kugetsu to its end. One that does not come to it is a mistake of kugetsu's. */
async function called(args: readonly string[]): Promise<Called> {
  const [program = '', ...rest] = [...world.command, ...args];
  const child = spawn(program, rest, { cwd: world.project, env: world.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = child.pid ?? -1;
  commands.add(pid);
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (data) => (texts[stream] += String(data)));
  const hanging = setTimeout(() => {
    problems.push(`${args.join(' ')} has not ended after ${COMMAND_LIMIT_MS / 1000} seconds`);
    child.kill('SIGKILL');
  }, COMMAND_LIMIT_MS);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...ended) => resolve(ended));
  });
  clearTimeout(hanging);
  commands.delete(pid);
  return { code: code ?? -1, killed: signal !== null, ...texts };
}

function killOne({ what, draw }: Extract<Operation, { kind: 'kill' }>): void {
  const marks = { runner: '__runner r_', agent: 'run --session', daemon: 'queue-daemon run', command: '' };
  const pids =
    what === 'command'
      ? [...commands]
      : processesOf(world.root)
          .filter(({ command }) => command.includes(marks[what]))
          .map(({ pid }) => pid);
  const pid = pids[Math.floor(draw * pids.length)];
  if (pid === undefined) return;
  killQuietly(pid);
  kills += 1;
}

async function mustWork(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.kugetsu(...args);
  if (code !== 0) throw new Error(`kugetsu ${args.join(' ')} ended with exit code ${code}: ${stderr}`);
  learnWays(args, `${stdout}\n${stderr}`);
  return stdout.trim();
}

/**
 * What is printed for a program has the ways as JSON texts, which nobody pastes. Of notifications only those count that
 * kugetsu sends: an agent's answer may quote a way back, with more text on its line.
 */
function learnWays(args: readonly string[], text: string): void {
  if (args.includes('--json')) return;
  const lines = text.split('\n').filter((line) => args[0] !== 'notify' || line.includes('\twork_saved\t'));
  for (const way of waysIn(lines.join('\n'))) ways.add(way);
}

async function items(): Promise<QueueItem[]> {
  return JSON.parse(await mustWork('queue', 'list', '--json')) as QueueItem[];
}

/** The queue is worked off, agents end, and then nothing of kugetsu's is alive. */
async function comeToRest(): Promise<void> {
  await mustWork('queue-daemon', 'start');
  await until(
    'every task has ended',
    async () => (await items()).every(({ state }) => state === 'completed' || state === 'error'),
    300_000,
  );
  await mustWork('queue-daemon', 'stop');
  await until('nothing runs', () => processesOf(world.root).length === 0, 120_000).catch(() => {
    for (const { command } of processesOf(world.root)) problems.push(leaked(command));
  });
}

async function check(): Promise<void> {
  made = noted(world, 'made').length;
  problems.push(
    ...(await soundState(world)),
    ...doubledAgents(world),
    ...(await lostWork(world)),
    ...(await lostTasks()),
  );
  await mustWork('notify', 'list', '--all');
  await mustWork('doctor', '--fix');
  // Whatever happened, nobody is blocked.
  for (const ref of issues) await mustWork('start', ref, 'hello', '--follow');
  for (const ref of issues) await mustWork('destroy', ref, '-y');
  problems.push(...(await leftBehind(world)), ...(await tryWaysBack(world, ways)), ...(await lostWork(world)));
}

/** What was printed is there, or its end was told before somebody cleared it. */
async function lostTasks(): Promise<string[]> {
  const there = new Set((await items()).map(({ id }) => id));
  const told = await mustWork('notify', 'list', '--all', '--json');
  return [...printed].filter((id) => !there.has(id) && !told.includes(id)).map((id) => lost(`${id} was printed`));
}
