// Lets a daemon work off many tasks in a throw-away world while agents fail, hang and crash, and while agents, runners and
// the daemon itself are killed at random moments. Then it checks that nothing was lost, done twice or left behind.
// Usage: bun scripts/soak.ts [tasks], or bun scripts/soak.ts --engine server [--no-kills] [tasks] for
// those of the real opencode in one server
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueItem } from '../src/domain/queue/queue-item.ts';
import { report } from '../test/support/faults/figures.ts';
import { counted, doubled, leaked, lost } from '../test/support/faults/problems.ts';
import { age } from '../test/support/prune-world.ts';
import { checkTasks, readRuns, SOAK_PLANS, type Kill } from '../test/support/soak-checks.ts';
import { FAKE_OPENCODE, makeRemote, makeWorld, mapRepositories, processesOf, until } from '../test/support/world.ts';

if (process.argv[2] === '--engine') {
  await import('./soak-engine.ts');
  process.exit();
}

const COUNT = Number(process.argv[2] ?? 1000);
const REPOSITORIES = 4;
const ISSUES = 100;
const FEEDERS = 2;
const SAMPLE_MS = 1000;
const LIMIT_MS = 30 * 60_000;
const STARTED_AT = Date.now();

const world = makeWorld({
  opencode: FAKE_OPENCODE,
  env: {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    MAX_CONCURRENT_AGENTS: '8',
    QUEUE_RETRY_BASE_SECONDS: '0.1',
    BREAKER_FAILURES: '0',
    AGENT_STARTUP_TIMEOUT_SECONDS: '10',
    AGENT_STALL_TIMEOUT_MINUTES: '0.1',
  },
});
const itemsDirectory = join(world.home, 'queue', 'items');

const problems: string[] = [];
const figures: [string, string | number][] = [];
const kills: Kill[] = [];
const daemonKills: number[] = [];
const printed = new Map<string, string>();
const finished = new Map<string, QueueItem>();
const open = new Map<string, QueueItem>();
const memory: { readonly pid: number; readonly mib: number }[] = [];

try {
  await prepare();
  const feeding = Promise.all(Array.from({ length: FEEDERS }, async (_, index) => feed(index)));
  await workOff(feeding);
  await checkEverything();
} catch (error) {
  problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  if (process.env['SOAK_KEEP'] === undefined) await world.destroy();
  else console.log(`kept: ${world.root}`);
}
for (const [name, value] of figures) console.log(`${name.padEnd(44)}${value}`);
for (const problem of problems) console.error(`OFF: ${problem}`);
report({
  part: 'soak',
  crash_points: kills.length + daemonKills.length,
  writers: FEEDERS,
  tasks: printed.size,
  ...counted(problems),
});
console.log(problems.length === 0 ? 'Everything is as it should be.' : `${problems.length} things are off.`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function prepare(): Promise<void> {
  const urls: Record<string, string> = {};
  for (let number = 0; number < REPOSITORIES; number += 1) {
    const remote = await makeRemote(world, `demo-${number}`, { 'README.md': `# demo ${number}\n` });
    urls[`forge.test/acme/demo-${number}`] = remote;
  }
  mapRepositories(world, urls);
  await call('init', '--headless', '--prompt', 'Know this project.');
  await call('queue-daemon', 'start');
}

/** Runs kugetsu, which must succeed. */
async function call(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.kugetsu(...args);
  if (code !== 0) throw new Error(`kugetsu ${args.slice(0, 2).join(' ')} ended with exit code ${code}: ${stderr}`);
  return stdout.trim();
}

/** Queues its share of the tasks, one after the other. */
async function feed(feeder: number): Promise<void> {
  for (let number = feeder; number < COUNT; number += FEEDERS) {
    const plan = choose(SOAK_PLANS.map(({ name, weight }) => [name, weight]));
    const issue = Math.floor(Math.random() * ISSUES);
    const ref = `forge.test/acme/demo-${issue % REPOSITORIES}#${issue}`;
    const message = `fake: soak ${number} ${plan}`;
    const byPm = plan.startsWith('pm-') || Math.random() < 0.05;
    const id = await (byPm ? call('delegate', `${message} ${ref}`) : call('queue', 'enqueue', ref, message));
    if (printed.has(id)) problems.push(doubled(`${id} was printed twice`));
    printed.set(id, plan);
  }
}

function choose(weighted: readonly (readonly [string, number])[]): string {
  let rest = Math.random() * weighted.reduce((total, [, weight]) => total + weight, 0);
  return weighted.find(([, weight]) => (rest -= weight) < 0)?.[0] ?? 'succeed';
}

/** Watches until all tasks are finished; kills when so many tasks are done as were drawn for each kill. */
async function workOff(feeding: Promise<unknown>): Promise<void> {
  let fed = false;
  void feeding.then(() => (fed = true)).catch((error: unknown) => problems.push(String(error)));
  const draw = (share: number, before: number): number[] =>
    Array.from({ length: Math.ceil(COUNT * share) }, () => Math.random() * COUNT * before).sort((a, b) => a - b);
  const due = {
    runner: draw(0.05, 0.9),
    agent: draw(0.05, 0.9),
    daemon: draw(0.02, 0.6),
  };
  let sampledAt = 0;
  for (;;) {
    look();
    if (fed && open.size === 0) return;
    if (problems.length > 0 || Date.now() - STARTED_AT > LIMIT_MS) {
      throw new Error(`gave up with ${finished.size} tasks finished and ${open.size} open`);
    }
    for (const kind of ['runner', 'agent'] as const) {
      if ((due[kind][0] ?? Infinity) <= finished.size && killOne(kind)) due[kind].shift();
    }
    if ((due.daemon[0] ?? Infinity) <= finished.size) {
      due.daemon.shift();
      await killDaemon();
    }
    if (Date.now() - sampledAt > SAMPLE_MS) {
      sampledAt = Date.now();
      sampleMemory();
    }
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 150));
  }
}

/** Reads the tasks that were not finished when they were read last. */
function look(): void {
  for (const name of readdirSync(itemsDirectory)) {
    const id = name.replace(/\.json$/, '');
    if (!name.startsWith('q_') || finished.has(id)) continue;
    const item = readItem(id);
    const done = item.state === 'completed' || item.state === 'error';
    (done ? finished : open).set(id, item);
    if (done) open.delete(id);
  }
}

function readItem(id: string): QueueItem {
  return JSON.parse(readFileSync(join(itemsDirectory, `${id}.json`), 'utf8')) as QueueItem;
}

function killOne(kind: Kill['kind']): boolean {
  const mark = kind === 'runner' ? '__runner r_' : 'run --session';
  const candidates = processesOf(world.root).filter(({ command }) => command.includes(mark));
  const { pid } = candidates[Math.floor(Math.random() * candidates.length)] ?? {};
  if (pid === undefined) return false;
  try {
    const run = /KUGETSU_RUN_ID=(r_[0-9a-z]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? '';
    const request = join(world.home, 'runs', run, 'request.json');
    const { message } = JSON.parse(readFileSync(request, 'utf8')) as { readonly message: string };
    process.kill(pid, 'SIGKILL');
    kills.push({ kind, run, message });
    return true;
  } catch {
    // It ended meanwhile.
    return false;
  }
}

async function killDaemon(): Promise<void> {
  const { pid } = JSON.parse(await call('queue-daemon', 'status', '--json')) as { readonly pid: number };
  process.kill(pid, 'SIGKILL');
  daemonKills.push(pid);
  await until('the daemon is gone', () => !processesOf(world.root).some((other) => other.pid === pid));
  await call('queue-daemon', 'start');
}

function sampleMemory(): void {
  try {
    const pid = Number(readFileSync(join(world.home, 'queue', 'daemon.pid'), 'utf8'));
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (kib !== undefined) memory.push({ pid, mib: Math.round(Number(kib) / 1024) });
  } catch {
    // It is being replaced.
  }
}

async function checkEverything(): Promise<void> {
  const seconds = (Date.now() - STARTED_AT) / 1000;
  const items = JSON.parse(await call('queue', 'list', '--json')) as QueueItem[];
  const known = new Set(items.map(({ id }) => id));
  for (const id of printed.keys()) if (!known.has(id)) problems.push(lost(`${id} was printed and is not there`));
  for (const { id, parent } of items) {
    if (!printed.has(id) && parent === null) problems.push(doubled(`${id} is there and was never printed`));
  }
  const runs = readRuns(join(world.home, 'logs'));
  const { disturbed, classes } = checkTasks({ items, runs, kills, notes: join(world.root, 'soak'), problems });
  const attempts = items.reduce((total, item) => total + item.attempts, 0);
  figures.push(
    ['tasks queued (printed)', printed.size],
    ['tasks queued by PM agents', items.length - printed.size],
    ['completed', items.filter(({ state }) => state === 'completed').length],
    ['error', items.filter(({ state }) => state === 'error').length],
    ['attempts', attempts],
    ['runs', runs.length],
    ['runs by class', classes],
    ['tasks whose run was disturbed', disturbed],
    ['runners killed', kills.filter(({ kind }) => kind === 'runner').length],
    ['agents killed', kills.filter(({ kind }) => kind === 'agent').length],
    ['daemons killed', daemonKills.length],
    ['seconds', seconds.toFixed(0)],
    ['tasks per minute', ((items.length * 60) / seconds).toFixed(0)],
  );
  checkMemory();
  await call('queue-daemon', 'stop');
  await until('no process is left', () => processesOf(world.root).length === 0, 10_000).catch(() => undefined);
  const left = processesOf(world.root).map(({ command }) => command);
  problems.push(...left.map(leaked));
  await checkFiles();
  if (problems.length > 0 && process.env['SOAK_KEEP'] !== undefined) {
    writeFileSync(join(world.root, 'problems.txt'), problems.join('\n'));
  }
}

/** What the last daemon, which nobody killed, used: the median of each quarter of its life tells whether it grows. */
function checkMemory(): void {
  const last = memory.at(-1);
  const own = memory.filter(({ pid }) => pid === last?.pid).map(({ mib }) => mib);
  const most = Math.max(...memory.map(({ mib }) => mib));
  const quarters = [0, 1, 2, 3].map((quarter) =>
    median(own.slice((own.length * quarter) / 4, (own.length * (quarter + 1)) / 4)),
  );
  figures.push(
    ['daemon memory, MiB: first / last / max', `${own[0]} / ${own.at(-1)} / ${most} (${own.length} samples)`],
    ['daemon memory, MiB: median by quarter', quarters.join(' / ')],
  );
  const [, , third = 0, fourth = 0] = quarters;
  if (fourth > third * 1.25 + 16) problems.push(`the daemon's memory still grows: ${quarters.join(' / ')} MiB`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function checkFiles(): Promise<void> {
  const entries = execFileSync('find', [world.home, '-name', '*.lock', '-type', 'd'], { encoding: 'utf8' });
  const guards = execFileSync('find', [world.home, '-name', '*.guard'], { encoding: 'utf8' });
  for (const path of `${entries}${guards}`.split('\n').filter((line) => line !== '')) {
    problems.push(leaked(`${path} (${statSync(path).mtime.toISOString()})`));
  }
  const temporary = join(world.userHome, '.local', 'share', 'opencode', 'tool-output');
  const directories = [join(world.home, 'runs'), temporary];
  const runsIn = (directory: string): string[] =>
    existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith('r_')) : [];
  const worktrees = readdirSync(join(world.home, 'worktrees'));
  const index = JSON.parse(readFileSync(join(world.home, 'index.json'), 'utf8')) as { readonly issues: object };
  const tracked = new Set(Object.values(index.issues).map((file: string) => file.replace(/\.json$/, '')));
  const stray = worktrees.filter((name) => !tracked.has(name));
  problems.push(...stray.map((name) => leaked(`the worktree ${name}, which belongs to no issue`)));
  figures.push(['worktrees, one per issue', worktrees.length]);
  // Who is killed while it settles a run that never began leaves its directories to prune, which takes what is old.
  for (const directory of directories) for (const name of runsIn(directory)) age(join(directory, name));
  await call('prune', '--force');
  for (const directory of directories) {
    const rest = runsIn(directory);
    problems.push(...rest.map((name) => leaked(join(directory, name))));
  }
}
