import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { withCatalogue } from '../../src/adapters/opencode/models/model-catalogue.ts';
import { startScriptedModel, type ScriptedModel } from '../../test/support/scripted-model.ts';
import { REAL_OPENCODE, type World } from '../../test/support/world.ts';
import { inWorld } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';

const ROUNDS = 5;
const LOOK_EVERY_MS = 10;

const COMMANDS = {
  'opencode run': ['run', '--format', 'json', 'hello'],
  'opencode session list': ['session', 'list'],
} as const;

/** What opencode takes with its whole catalogue of models, and with the one that kugetsu trims for it; in turn. */
export async function models(): Promise<Row[]> {
  const model = await startScriptedModel();
  try {
    return await inWorld({ opencode: REAL_OPENCODE, modelPort: model.port }, async (world) => {
      const options = { directory: `${world.root}/models`, wanted: async () => Promise.resolve(true) };
      const trimmed = await withCatalogue(
        { program: REAL_OPENCODE, env: world.env, directory: world.project, plugins: true },
        options,
      );
      if (trimmed['OPENCODE_MODELS_PATH'] === undefined) throw new Error('the catalogue was not trimmed');
      const rows: Row[] = [];
      for (const [name, args] of Object.entries(COMMANDS)) {
        const rounds: { readonly whole: Taken; readonly trimmed: Taken }[] = [];
        for (let round = -1; round < ROUNDS; round += 1) {
          const whole = await taken(world, args, world.env, model);
          const less = await taken(world, args, trimmed, model);
          if (round >= 0) rounds.push({ whole, trimmed: less });
        }
        rows.push(...rowsOf(name, rounds));
      }
      return rows;
    });
  } finally {
    await model.close();
  }
}

interface Taken {
  readonly cpuMs: number;
  readonly peakMib: number;
  /** Until the model was asked; undefined when it was not. */
  readonly firstRequestMs: number | undefined;
}

const COLUMNS = [
  ['CPU time', 'cpuMs', 'ms', 0.85],
  ['memory at the peak', 'peakMib', 'MiB', 0.8],
  ['to the first request', 'firstRequestMs', 'ms', undefined],
] as const;

function rowsOf(name: string, rounds: readonly { readonly whole: Taken; readonly trimmed: Taken }[]): Row[] {
  return COLUMNS.flatMap(([what, key, unit, target]) => {
    const middle = (which: 'whole' | 'trimmed'): number =>
      median(rounds.map((round) => round[which][key] ?? Number.NaN));
    if (Number.isNaN(middle('whole'))) return [];
    const atMost = name === 'opencode run' && target !== undefined ? { atMost: target } : {};
    return [
      row('models', `${name}, whole catalogue: ${what}`, { value: middle('whole'), unit }),
      row('models', `${name}, trimmed: ${what}`, {
        value: middle('trimmed'),
        unit,
        over: { value: middle('whole'), of: 'whole' },
        ...atMost,
      }),
    ];
  });
}

async function taken(
  world: World,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  model: ScriptedModel,
): Promise<Taken> {
  const asked = model.requests.length;
  const startedAt = Date.now();
  const child = spawn(REAL_OPENCODE, args, {
    cwd: world.project,
    env: { ...env, PWD: world.project },
    stdio: 'ignore',
  });
  let seen = { cpuMs: 0, peakMib: 0 };
  const timer = setInterval(() => {
    seen = usage(child.pid ?? 0) ?? seen;
  }, LOOK_EVERY_MS);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`opencode ${args.join(' ')} ended with exit code ${String(code)}`);
  const at = model.requests[asked]?.at;
  return { ...seen, firstRequestMs: at === undefined ? undefined : at - startedAt };
}

/** What a process has taken so far; undefined when it has ended. */
function usage(pid: number): { readonly cpuMs: number; readonly peakMib: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (peak === undefined) return undefined;
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, peakMib: Number(peak) / 1024 };
  } catch {
    return undefined;
  }
}
