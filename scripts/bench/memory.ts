import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf, until, type World } from '../../test/support/world.ts';
import { addPending, bareBinary, call, finished, inWorld, prepare, REF } from './bench-world.ts';
import { row, type Row } from './row.ts';

const TASKS = 1000;
const AT_ONCE = 20;
/** How long what has just begun, or worked, is left to come to rest. */
export const SETTLE_MS = 5000;
export const IDLE_MS = 60_000;

/** Memory and wake-ups of what stays: the daemon, a runner, and beside them a bare binary that only sleeps. */
export async function memory(): Promise<Row[]> {
  return inWorld({ env: { QUEUE_DAEMON_INTERVAL_MINUTES: '60', MAX_CONCURRENT_AGENTS: '1' } }, async (world) => {
    await prepare(world);
    const bare = spawn(bareBinary(world.root, 'setTimeout(() => undefined, 3_600_000);\n'), { env: world.env });
    await call(world, 'queue-daemon', 'start');
    const pid = Number(readFileSync(join(world.home, 'queue', 'daemon.pid'), 'utf8'));
    await pause(SETTLE_MS);
    const idle = residentMib(pid);
    const [before, bareBefore] = [activity(pid), activity(bare.pid ?? 0)];
    await pause(IDLE_MS);
    const [after, bareAfter] = [activity(pid), activity(bare.pid ?? 0)];
    const bareWakeUps = { value: wakeUps(bareBefore, bareAfter), of: 'bare' };
    const bareMib = residentMib(bare.pid ?? 0);
    const half = await afterTasks(world, pid);
    const all = await afterTasks(world, pid);
    const runner = await oneRunner(world);
    return [
      row('memory', 'bare binary, asleep', { value: bareMib, unit: 'MiB' }),
      row('memory', 'daemon, idle', { value: idle, unit: 'MiB', atMost: 45 }),
      row('memory', `daemon, after ${TASKS / 2} tasks`, { value: half, unit: 'MiB' }),
      row('memory', `daemon, after ${TASKS} tasks`, { value: all, unit: 'MiB', atMost: 45 }),
      row('memory', 'one runner', { value: runner, unit: 'MiB' }),
      row('memory', 'daemon, CPU time in an idle minute', { value: after.cpuMs - before.cpuMs }),
      row('memory', 'bare binary, wake-ups in an idle minute', { value: bareWakeUps.value, unit: 'times' }),
      row('memory', 'daemon, wake-ups in an idle minute', {
        value: wakeUps(before, after),
        unit: 'times',
        over: bareWakeUps,
      }),
    ];
  });
}

/** Lets the daemon settle tasks that need no agent: each is claimed, refused, and told of twice. @returns MiB afterwards */
async function afterTasks(world: World, pid: number): Promise<number> {
  for (let number = 0; number < TASKS / 2; number += AT_ONCE) await finished(world, addPending(world, AT_ONCE));
  await pause(SETTLE_MS);
  return residentMib(pid);
}

async function oneRunner(world: World): Promise<number> {
  await call(world, 'start', REF, 'fake: stall');
  const { pid } = await until('the runner is there', () =>
    processesOf(world.root).find(({ command }) => command.includes('__runner')),
  );
  await pause(SETTLE_MS);
  const mib = residentMib(pid);
  await call(world, 'stop', REF);
  return mib;
}

function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** What a process has done since it began. */
interface Activity {
  readonly cpuMs: number;
  /** How often each of its threads has been woken. */
  readonly switches: ReadonlyMap<string, number>;
}

/** What a process has done so far. */
export function activity(pid: number): Activity {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const switches = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return [thread, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])] as const;
  });
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, switches: new Map(switches) };
}

/** How often a process was woken in between; threads that have ended meanwhile are left out. */
function wakeUps(before: Activity, after: Activity): number {
  return [...after.switches].reduce((total, [thread, count]) => total + count - (before.switches.get(thread) ?? 0), 0);
}

/** Lets time pass. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
