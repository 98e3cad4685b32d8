// Measures kugetsu beside other programs, prints a table, and writes it as JSON into dist/bench.json.
// Usage: bun scripts/bench.ts [--only GROUP,GROUP] [--beside KUGETSU]; the latter is another build of it, for start-up and grown
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agent } from './bench/agent.ts';
import { base } from './bench/base.ts';
import { baseStarts } from './bench/base-starts.ts';
import { copy } from './bench/copy.ts';
import { dispatch } from './bench/dispatch.ts';
import { engines } from './bench/engines.ts';
import { fleet } from './bench/fleet.ts';
import { grown } from './bench/grown.ts';
import { look } from './bench/look.ts';
import { memory } from './bench/memory.ts';
import { models } from './bench/models.ts';
import { queue } from './bench/queue.ts';
import { refs } from './bench/refs.ts';
import { table, type Row } from './bench/row.ts';
import { size } from './bench/size.ts';
import { startUp } from './bench/start-up.ts';
import { worktree } from './bench/worktree.ts';

const GROUPS: Readonly<Record<string, (beside: string | undefined) => Promise<Row[]>>> = {
  'start-up': startUp,
  queue,
  dispatch,
  worktree,
  refs,
  copy,
  agent,
  models,
  base,
  look,
  memory,
  size,
};

/** What takes long, or needs PostgreSQL, and is measured when it is asked for. */
const ON_DEMAND: typeof GROUPS = { 'base-starts': baseStarts, engines, fleet, grown };

const { values: options } = parseArgs({ options: { only: { type: 'string' }, beside: { type: 'string' } } });
const wanted = groupsOf(options.only);
const rows: Row[] = [];
for (const [name, measure] of wanted) {
  const startedAt = performance.now();
  try {
    const measured = await measure(options.beside);
    console.log(`${table(measured)}\n`);
    rows.push(...measured);
  } catch (error) {
    // What could not be measured is a failure; a target that was missed is none: the machine may be busy.
    process.exitCode = 1;
    console.error(`${name} could not be measured: ${error instanceof Error ? error.message : String(error)}`);
  }
  console.error(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memory_gib: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
};
const target = join(import.meta.dirname, '..', 'dist', 'bench.json');
mkdirSync(join(target, '..'), { recursive: true });
writeFileSync(target, `${JSON.stringify({ at: new Date().toISOString(), machine, rows }, null, 2)}\n`);
console.log(
  `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, Linux ${machine.kernel}\n\n${table(rows)}`,
);

function groupsOf(only: string | undefined): [string, (typeof GROUPS)[string]][] {
  if (only === undefined) return Object.entries(GROUPS);
  const names = only.split(',');
  const all = { ...GROUPS, ...ON_DEMAND };
  const unknown = names.filter((name) => !(name in all));
  if (unknown.length === 0) return Object.entries(all).filter(([name]) => names.includes(name));
  throw new Error(`no group is named ${unknown.join(', ')}; the groups are ${Object.keys(all).join(', ')}`);
}
