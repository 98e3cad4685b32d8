import { readFileSync } from 'node:fs';
import { makeRealWorld } from '../../test/support/real-world.ts';
import { growBase, opencodeIn } from '../../test/support/project-session.ts';
import { processesOf, type World } from '../../test/support/world.ts';
import { call, runSteps } from './bench-world.ts';
import { SIZES } from './base.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';

const STARTS = 20;
/** What a run adds to the fork: a message of the user's and the answer. */
const ADDED = 2;
const LOOK_MS = 50;

/**
 * What a start costs with a base of several sizes, on the real opencode: each base is forked 20 times.
 *
 * @throws Error when one of the forks is not whole
 */
export async function baseStarts(): Promise<Row[]> {
  const measured: (Measured & { readonly name: string })[] = [];
  for (const [name, size] of SIZES) measured.push({ name, ...(await measure(size)) });
  const [small] = measured;
  if (small === undefined) return [];
  return measured.flatMap(({ name, session, peak }) => [
    row('base-starts', `${name}: the step session, ${STARTS} starts`, {
      value: session,
      over: { value: small.session, of: small.name },
    }),
    row('base-starts', `${name}: memory of the runner at the peak`, {
      value: peak,
      unit: 'MiB',
      over: { value: small.peak, of: small.name },
    }),
  ]);
}

interface Measured {
  readonly session: number;
  readonly peak: number;
}

async function measure(size: (typeof SIZES)[number][1]): Promise<Measured> {
  const real = await makeRealWorld();
  const { world } = real;
  try {
    const base = await growBase(world, size);
    const steps: number[] = [];
    const peaks: number[] = [];
    for (let number = 1; number <= STARTS; number += 1) {
      const ref = `forge.test/acme/demo#${number}`;
      peaks.push(await peakOfRunner(world, call(world, 'start', ref, 'hello', '--follow')));
      steps.push(runSteps(world, ref).steps.get('session') ?? Number.NaN);
    }
    const undone = base.base.messages.findIndex(({ info }) => info.id === base.revert.messageID);
    const counts = await messagesOfForks(world);
    if (counts.length !== STARTS || counts.some((count) => count < undone + ADDED)) {
      throw new Error(`of a base with ${undone} messages the forks have ${counts.join(', ')}`);
    }
    return { session: median(steps), peak: median(peaks) };
  } finally {
    await real.destroy();
  }
}

/** The most memory that the runner has had at once, in MiB. */
async function peakOfRunner(world: World, start: Promise<unknown>): Promise<number> {
  let peak = 0;
  const looking = setInterval(() => {
    const runner = processesOf(world.root).find(({ command }) => command.includes('__runner'));
    if (runner !== undefined) peak = Math.max(peak, highWater(runner.pid));
  }, LOOK_MS);
  await start.finally(() => clearInterval(looking));
  return peak;
}

function highWater(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

async function messagesOfForks(world: World): Promise<number[]> {
  const count = '(select count(*) from message m where m.session_id = s.id)';
  const statement = `select ${count} as messages from session s where s.title like '%acme/demo#%'`;
  const rows = JSON.parse(await opencodeIn(world, 'db', statement, '--format', 'json')) as { messages: number }[];
  return rows.map(({ messages }) => messages);
}
