// Puts tasks through one shared server of the real opencode while servers and runners are killed at random moments, and checks
// that nothing was lost, done twice or left behind, and that the memory of a server that nobody kills stays as it is.
// Usage: bun scripts/soak.ts --engine server [--no-kills] [tasks]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueItem } from '../src/domain/queue/queue-item.ts';
import { installOwnPackage } from '../test/support/own-package.ts';
import { startScriptedModel } from '../test/support/scripted-model.ts';
import { killQuietly, processesOf, REAL_OPENCODE, until, type World } from '../test/support/world.ts';
import { call, inWorld, prepare } from './bench/bench-world.ts';

const COUNT = Number(process.argv.at(-1)) || 200;
const ISSUES = 12;
/** After so much of the tasks nobody is killed any more. */
const KILLS_UNTIL = 0.4;
const KILL_SHARE = process.argv.includes('--no-kills') ? 0 : 0.1;
/** A server has come to its size after so many runs. */
const SETTLED = 20;
/** Its garbage comes and goes by a quarter of it: so many runs on each side are looked at. */
const WINDOW = 10;
const MOST_GROWTH = 1.2;
const LOOK_MS = 300;
const LIMIT_MS = 60 * 60_000;

const problems: string[] = [];
const killed = { server: 0, runner: 0 };
/** The memory of each server, in MiB, by how many runs had ended. */
const memory = new Map<number, { readonly ended: number; readonly mib: number }[]>();

const model = await startScriptedModel();
model.on(/soak-/, ({ lastUserText }) => {
  const task = /soak-(\d+)/.exec(lastUserText)?.[1] ?? '';
  return [{ bash: 'echo begun; sleep 0.3' }, { bash: `echo ${task}` }, { text: `Done ${task}.` }];
});
const startedAt = Date.now();
try {
  const env = {
    AGENT_ENGINE: 'server',
    AGENT_SERVER_IDLE_SECONDS: '30',
    MAX_CONCURRENT_AGENTS: '4',
    MIN_FREE_MEMORY_MB: '0',
    QUEUE_RETRY_BASE_SECONDS: '0.1',
    BREAKER_FAILURES: '0',
  };
  await inWorld({ opencode: REAL_OPENCODE, modelPort: model.port, env }, soak);
} catch (error) {
  problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await model.close();
}
for (const problem of problems) console.error(`OFF: ${problem}`);
console.log(problems.length === 0 ? 'Everything is as it should be.' : `${problems.length} things are off.`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function soak(world: World): Promise<void> {
  installOwnPackage(world);
  await prepare(world);
  await call(world, 'queue-daemon', 'start');
  const ids: string[] = [];
  for (let number = 0; number < COUNT; number += 1) {
    const ref = `forge.test/acme/demo#${number % ISSUES}`;
    ids.push(await call(world, 'queue', 'enqueue', ref, `soak-${number}`));
  }
  await workOff(world, ids);
  await check(world, ids);
}

async function workOff(world: World, ids: readonly string[]): Promise<void> {
  const due = Array.from({ length: Math.ceil(COUNT * KILL_SHARE) }, () => Math.random() * COUNT * KILLS_UNTIL);
  due.sort((a, b) => a - b);
  for (;;) {
    const ended = tasksOf(world, ids).filter(({ state }) => state === 'completed' || state === 'error').length;
    sample(world, ended);
    if (ended === ids.length) return;
    if (Date.now() - startedAt > LIMIT_MS) throw new Error(`gave up with ${ended} of ${ids.length} tasks finished`);
    if ((due[0] ?? Infinity) <= ended && killOne(world)) due.shift();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function tasksOf(world: World, ids: readonly string[]): QueueItem[] {
  const directory = join(world.home, 'queue', 'items');
  return ids.map((id) => JSON.parse(readFileSync(join(directory, `${id}.json`), 'utf8')) as QueueItem);
}

/** Kills a server, or the runner of an agent that is at work. @returns whether there was one */
function killOne(world: World): boolean {
  const kind = Math.random() < 0.5 ? 'server' : 'runner';
  const runners = processesOf(world.root).filter(({ command }) => command.includes('__runner r_'));
  const candidates = kind === 'server' ? serversOf(world) : runners.map(({ pid }) => pid);
  const pid = candidates[Math.floor(Math.random() * candidates.length)];
  if (pid === undefined || runners.length === 0) return false;
  killQuietly(pid);
  killed[kind] += 1;
  return true;
}

function serversOf(world: World): number[] {
  const directory = join(world.home, 'engine');
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : [];
  return names.flatMap((name) => {
    try {
      return [(JSON.parse(readFileSync(join(directory, name), 'utf8')) as { pid: number }).pid];
    } catch {
      return [];
    }
  });
}

function sample(world: World, ended: number): void {
  for (const pid of serversOf(world)) {
    try {
      const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      memory.set(pid, [...(memory.get(pid) ?? []), { ended, mib: Math.round(kib / 1024) }]);
    } catch {
      // It is gone.
    }
  }
}

async function check(world: World, ids: readonly string[]): Promise<void> {
  const items = tasksOf(world, ids);
  for (const { id, state, failure } of items) {
    if (state !== 'completed') problems.push(`${id} is ${state}: ${failure?.class ?? 'no class'}`);
  }
  const records = readdirSync(join(world.home, 'logs')).filter((name) => name.endsWith('.json'));
  const runs = records.map((name) => JSON.parse(readFileSync(join(world.home, 'logs', name), 'utf8')) as RunFile);
  const classes = new Map<string, number>();
  for (const {
    status: { verdict },
  } of runs)
    classes.set(verdict?.class ?? '-', (classes.get(verdict?.class ?? '-') ?? 0) + 1);
  for (const { id, run_id: last } of items) {
    const good = runs.filter((run) => run.task === id && run.status.verdict?.outcome === 'succeeded');
    if (good.length > 1) problems.push(`${id} was done ${good.length} times, at last in ${last}`);
  }
  const apart = readdirSync(join(world.home, 'logs')).filter((name) => {
    return name.endsWith('.log') && readFileSync(join(world.home, 'logs', name), 'utf8').includes('no shared server');
  });
  console.log(`tasks ${items.length}, attempts ${items.reduce((sum, { attempts }) => sum + attempts, 0)}`);
  console.log(`runs ${runs.length}: ${[...classes].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  console.log(`killed: ${killed.server} servers, ${killed.runner} runners; ${apart.length} runs as processes`);
  console.log(`${Math.round((Date.now() - startedAt) / 1000)} s`);
  checkMemory();
  await call(world, 'queue-daemon', 'stop');
  await until('no process is left', () => processesOf(world.root).length === 0, 90_000).catch(() => undefined);
  problems.push(...processesOf(world.root).map(({ command }) => `left: ${command}`));
}

interface RunFile {
  readonly task: string | null;
  readonly status: { readonly verdict?: { readonly outcome: string; readonly class: string } };
}

/** The server that worked for the most runs: whether it has grown since it has come to its size. */
function checkMemory(): void {
  const longest = [...memory.values()].toSorted((a, b) => runsIn(b) - runsIn(a))[0] ?? [];
  const first = longest[0]?.ended ?? 0;
  const last = longest.at(-1)?.ended ?? 0;
  const early = longest.filter(({ ended }) => Math.abs(ended - first - SETTLED) <= WINDOW).map(({ mib }) => mib);
  const late = longest.filter(({ ended }) => last - ended <= 2 * WINDOW).map(({ mib }) => mib);
  const most = Math.max(...longest.map(({ mib }) => mib));
  const growth = median(late) / median(early);
  const words = `${median(early)} MiB after ${SETTLED} runs, ${median(late)} after ${runsIn(longest)}, ${most} at the most`;
  console.log(`memory of the server that lived longest: ${words} (${growth.toFixed(2)} ×)`);
  if (growth > MOST_GROWTH) problems.push(`the server grows: ${words}`);
}

function runsIn(samples: readonly { readonly ended: number }[]): number {
  return (samples.at(-1)?.ended ?? 0) - (samples[0]?.ended ?? 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
