import { readFileSync } from 'node:fs';
import { installOwnPackage } from '../../test/support/own-package.ts';
import { startScriptedModel, type ScriptedModel } from '../../test/support/scripted-model.ts';
import { killQuietly, processesOf, REAL_OPENCODE, until, type World } from '../../test/support/world.ts';
import { serverPids } from '../../test/support/server-pids.ts';
import { call, inWorld, prepare } from './bench-world.ts';
import { activity, pause, SETTLE_MS } from './memory.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';

const TOGETHER = [1, 8];
const LOOK_EVERY_MS = 200;
/** How many starts without a server there are, of which the median counts. */
const COLD_STARTS = 5;

/** How agents are run; `whole` as 0.1.0 did it, which left opencode its whole catalogue of models. */
const ENGINES = {
  whole: { AGENT_ENGINE: 'process', MODEL_CATALOGUE: 'whole' },
  process: { AGENT_ENGINE: 'process' },
  server: { AGENT_ENGINE: 'server' },
} as const;
type Engine = keyof typeof ENGINES;
const WORDS: Readonly<Record<Engine, string>> = {
  whole: 'process, whole catalogue',
  process: 'process',
  server: 'shared server',
};

/** What the targets say of the server beside processes as 0.1.0 had them, when eight agents work at once. */
const TARGETS = { wall: 0.25, first: 0.17, peak: 0.33 };
/** The memory of each agent in the server beyond the first, beside that of one such process. */
const MOST_FURTHER = 0.17;
/** From the start of one agent to its first request, in milliseconds, when there is no server yet, and when there is one. */
const COLD_MS = 3000;
const WARM_MS = 1000;
/** How long the server is looked at when nobody works in it, and the most of it that it may compute, in milliseconds. */
const IDLE_MS = 20_000;
const MOST_IDLE_MS = 0.01 * IDLE_MS;

/** Agents with four tool calls each on the real opencode, at once: as processes, and in a shared server. */
export async function engines(): Promise<Row[]> {
  const model = await startScriptedModel();
  model.on(/mark-/, [...Array.from({ length: 4 }, (_, number) => ({ bash: `echo ${number}` })), { text: 'Done.' }]);
  try {
    const env = { MAX_CONCURRENT_AGENTS: '20', MIN_FREE_MEMORY_MB: '0', AGENT_SERVER_IDLE_SECONDS: '60' };
    return await inWorld({ opencode: REAL_OPENCODE, modelPort: model.port, env }, async (world) => {
      installOwnPackage(world);
      await prepare(world);
      // The first start clones, and makes the export of the base.
      await together({ world, model, engine: 'process', count: 1, round: 'first' });
      const cold = await coldStarts({ world, model });
      const taken = new Map<number, Record<Engine, Taken>>();
      for (const count of TOGETHER) {
        const each = async (engine: Engine): Promise<Taken> => together({ world, model, engine, count, round: 'warm' });
        // The server stays warm while it is not used for less than its idle time.
        taken.set(count, { server: await each('server'), process: await each('process'), whole: await each('whole') });
      }
      const idle = await idleServer({ world, model });
      return [
        row('engines', '1 agent, no server yet: to the first request', { value: cold, atMost: COLD_MS }),
        ...[...taken].flatMap(([count, of]) => rowsOf(count, of)),
        furtherAgents(taken.get(1), taken.get(8)),
        row('engines', 'shared server, nobody at work: CPU time in 20 s', { value: idle, atMost: MOST_IDLE_MS }),
      ];
    });
  } finally {
    await model.close();
  }
}

/** From the start of an agent to its first request when there is no server, the median of several. */
async function coldStarts({ world, model }: Pick<Round, 'world' | 'model'>): Promise<number> {
  const firsts: number[] = [];
  for (let number = 0; number < COLD_STARTS; number += 1) {
    await endServers(world);
    firsts.push((await together({ world, model, engine: 'server', count: 1, round: `cold-${number}` })).first);
  }
  return median(firsts);
}

/** What a server in which an agent has worked computes while nobody works in it, in milliseconds. */
async function idleServer({ world, model }: Pick<Round, 'world' | 'model'>): Promise<number> {
  await together({ world, model, engine: 'server', count: 1, round: 'idle' });
  await pause(SETTLE_MS);
  const [pid = -1] = serverPids(world.home);
  const before = activity(pid).cpuMs;
  await pause(IDLE_MS);
  return activity(pid).cpuMs - before;
}

async function endServers(world: World): Promise<void> {
  const servers = (): number[] =>
    processesOf(world.root).flatMap(({ pid, command }) => (/ serve /.test(command) ? [pid] : []));
  for (const pid of servers()) killQuietly(pid);
  await until('no server is there', () => servers().length === 0);
}

interface Taken {
  readonly wall: number;
  /** From the start of an agent to its first request, the median of all. */
  readonly first: number;
  /** Proportional memory of all processes of the home, in MiB. */
  readonly peak: number;
}

interface Round {
  readonly world: World;
  readonly model: ScriptedModel;
  readonly engine: Engine;
  readonly count: number;
  readonly round: string;
}

async function together({ world, model, engine, count, round }: Round): Promise<Taken> {
  const own = world.withEnv(ENGINES[engine]);
  const marks = Array.from({ length: count }, (_, number) => `${round}-${engine}-${count}-${number}`);
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryOf(world));
  }, LOOK_EVERY_MS);
  const startedAt = Date.now();
  await Promise.all(
    marks.map(async (mark) => call(own, 'start', `forge.test/acme/demo#-${mark}`, `mark-${mark}.`, '-f')),
  );
  const wall = Date.now() - startedAt;
  clearInterval(timer);
  const first = marks.map((mark) => {
    const request = model.requests.find(({ lastUserText }) => lastUserText.includes(`mark-${mark}.`));
    return (request?.at ?? Number.NaN) - startedAt;
  });
  return { wall, first: median(first), peak };
}

function memoryOf(world: World): number {
  const there = processesOf(world.root);
  const commands = new Map(there.map(({ pid, command }) => [pid, command]));
  // A child that is not yet the program that it will be shares all memory of its parent, which would count twice.
  const settled = there.filter(({ pid, command }) => commands.get(parentOf(pid) ?? 0) !== command);
  return settled.reduce((total, { pid }) => total + proportionalMib(pid), 0);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function proportionalMib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function rowsOf(count: number, of: Readonly<Record<Engine, Taken>>): Row[] {
  const agents = count === 1 ? '1 agent' : `${count} agents at once`;
  return (['wall', 'first', 'peak'] as const).flatMap((key) => {
    const what = { wall: 'until all are done', first: 'to the first request', peak: 'memory at the peak' }[key];
    const unit = key === 'peak' ? ('MiB' as const) : ('ms' as const);
    const over = { value: of.whole[key], of: WORDS.whole };
    const rows = (['whole', 'process', 'server'] as const).map((engine) => {
      const measured = { value: of[engine][key], unit, ...(engine === 'whole' ? {} : { over }) };
      const target = engine === 'server' && count > 1 ? { atMost: TARGETS[key] } : {};
      return row('engines', `${agents}, ${WORDS[engine]}: ${what}`, { ...measured, ...target });
    });
    if (count > 1 || key !== 'first') return rows;
    return [...rows, row('engines', `${agents}, server there: ${what}`, { value: of.server.first, atMost: WARM_MS })];
  });
}

function furtherAgents(one: Record<Engine, Taken> | undefined, eight: Record<Engine, Taken> | undefined): Row {
  const value = ((eight?.server.peak ?? Number.NaN) - (one?.server.peak ?? Number.NaN)) / 7;
  const over = { value: one?.whole.peak ?? Number.NaN, of: WORDS.whole };
  return row('engines', 'shared server: memory of each agent beyond the first', {
    value,
    unit: 'MiB',
    over,
    atMost: MOST_FURTHER,
  });
}
