import { readFileSync } from 'node:fs';
import { installOwnPackage } from '../../test/support/own-package.ts';
import { startScriptedModel, type ScriptedModel } from '../../test/support/scripted-model.ts';
import { processesOf, REAL_OPENCODE, type World } from '../../test/support/world.ts';
import { call, inWorld, prepare } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';

const TOGETHER = [1, 8];
const LOOK_EVERY_MS = 200;
const ENGINES = ['process', 'server'] as const;

/** What the targets say of the server beside processes, when eight agents work at once. */
const TARGETS = { wall: 0.25, first: 0.17, peak: 0.33 };

/** Agents with four tool calls each on the real opencode, at once: as processes, and in a shared server that is there already. */
export async function engines(): Promise<Row[]> {
  const model = await startScriptedModel();
  model.on(/mark-/, [...Array.from({ length: 4 }, (_, number) => ({ bash: `echo ${number}` })), { text: 'Done.' }]);
  try {
    const env = { MAX_CONCURRENT_AGENTS: '20', MIN_FREE_MEMORY_MB: '0', AGENT_SERVER_IDLE_SECONDS: '60' };
    return await inWorld({ opencode: REAL_OPENCODE, modelPort: model.port, env }, async (world) => {
      installOwnPackage(world);
      await prepare(world);
      // The first start clones, and makes the export of the base; the server is warm after it.
      for (const engine of ENGINES) await together({ world, model, engine, count: 1, round: 'warm' });
      const rows: Row[] = [];
      for (const count of TOGETHER) {
        const apart = await together({ world, model, engine: 'process', count, round: 'measured' });
        const shared = await together({ world, model, engine: 'server', count, round: 'measured' });
        rows.push(...rowsOf(count, apart, shared));
      }
      return rows;
    });
  } finally {
    await model.close();
  }
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
  readonly engine: (typeof ENGINES)[number];
  readonly count: number;
  readonly round: string;
}

async function together({ world, model, engine, count, round }: Round): Promise<Taken> {
  const own = world.withEnv({ AGENT_ENGINE: engine });
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
  return processesOf(world.root).reduce((total, { pid }) => total + proportionalMib(pid), 0);
}

function proportionalMib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function rowsOf(count: number, apart: Taken, shared: Taken): Row[] {
  const agents = count === 1 ? '1 agent' : `${count} agents at once`;
  return (['wall', 'first', 'peak'] as const).flatMap((key) => {
    const what = { wall: 'until all are done', first: 'to the first request', peak: 'memory at the peak' }[key];
    const unit = key === 'peak' ? ('MiB' as const) : ('ms' as const);
    const atMost = count === 1 ? {} : { atMost: TARGETS[key] };
    const over = { value: apart[key], of: 'process' };
    return [
      row('engines', `${agents}, process: ${what}`, { value: apart[key], unit }),
      row('engines', `${agents}, shared server: ${what}`, { value: shared[key], unit, over, ...atMost }),
    ];
  });
}
