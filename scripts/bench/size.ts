import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gitIn, type World } from '../../test/support/world.ts';
import { call, inWorld, kugetsu, prepare, REF } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { timeOnce, timeSideBySide, type Subject } from './sample.ts';

const LOG_MEGABYTES = [1, 500] as const;
const BRANCHES = 200;
const OTHERS = 100;

/** What a large log takes in time and memory, and how long a large clean-up takes. */
export async function size(): Promise<Row[]> {
  return [...(await largeLogs()), ...(await largePrune())];
}

async function largeLogs(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    await prepare(world);
    await call(world, 'start', REF, 'fake: reply done', '--follow');
    const [run] = JSON.parse(await call(world, 'logs', '1', '--json')) as { readonly log: string }[];
    const log = run?.log ?? '';
    const original = readFileSync(log, 'utf8');
    const rows: Row[] = [];
    for (const megabytes of LOG_MEGABYTES) {
      makeLarge(log, original, megabytes);
      const shown = kugetsu(world, `logs REF, ${megabytes} MB`, 'logs', REF);
      const listed = kugetsu(world, `logs, ${megabytes} MB`, 'logs');
      for (const [name, value] of timeSideBySide([shown, listed], 3, 1)) rows.push(row('size', name, { value }));
      for (const subject of [shown, listed]) {
        rows.push(row('size', `${subject.name}, memory`, { value: await memoryOf(subject), unit: 'MiB', atMost: 80 }));
      }
    }
    return rows;
  });
}

/** Puts tool output of this size between the first line of a log and the rest. */
function makeLarge(log: string, original: string, megabytes: number): void {
  const output = 'a line of what a tool has printed\n'.repeat(1000);
  const state = { status: 'completed', input: { command: 'cat x' }, output };
  const line = `${JSON.stringify({ type: 'tool_use', timestamp: 1, part: { tool: 'bash', state } })}\n`;
  const end = original.indexOf('\n') + 1;
  const file = openSync(log, 'w');
  writeSync(file, original.slice(0, end));
  for (let bytes = 0; bytes < megabytes * 1024 * 1024; bytes += line.length) writeSync(file, line);
  writeSync(file, original.slice(end));
  closeSync(file);
}

/** The most memory that a program has at once, in MiB, as /proc has it until its end. */
async function memoryOf({ command: [program = '', ...args], cwd, env }: Subject): Promise<number> {
  const child = spawn(program, args, { cwd, env: { ...env }, stdio: 'ignore' });
  let highest = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      highest = Math.max(highest, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  }, 2);
  await new Promise((resolve) => child.once('close', resolve));
  clearInterval(look);
  return highest;
}

async function largePrune(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    await prepare(world);
    await call(world, 'start', REF, 'fake: reply done', '--follow');
    await leaveBehind(world);
    const items = BRANCHES + 2 * OTHERS;
    const value = timeOnce(kugetsu(world, 'prune', 'prune', '--force'));
    return [row('size', `prune --force, ${items} items`, { value, atMost: 15_000 })];
  });
}

/** Branches, every second one with a commit that is nowhere else, session files and directories of runs, all of nobody. */
async function leaveBehind(world: World): Promise<void> {
  const repository = join(world.home, 'repos', 'forge.test-acme-demo.git');
  const tip = await gitIn(world, repository, 'rev-parse', 'refs/remotes/origin/main');
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];
  for (let number = 1; number <= BRANCHES; number += 1) {
    const own = [...identity, 'commit-tree', `${tip}^{tree}`, '-p', tip, '-m', String(number)];
    const commit = number % 2 === 0 ? tip : await gitIn(world, repository, ...own);
    await gitIn(world, repository, 'update-ref', `refs/heads/fix/issue-9${number}`, commit);
  }
  const session = readFileSync(join(world.home, 'sessions', 'forge.test-acme-demo-1.json'), 'utf8');
  const then = new Date(Date.now() - 3 * 60 * 60_000);
  for (let number = 1; number <= OTHERS; number += 1) {
    const other = {
      ...(JSON.parse(session) as object),
      issue_ref: `forge.test/acme/demo#9${number}`,
      worktree_path: null,
    };
    writeFileSync(join(world.home, 'sessions', `forge.test-acme-demo-9${number}.json`), JSON.stringify(other));
    const directory = join(world.home, 'runs', `r_0mws0000000${String(number).padStart(5, '0')}`);
    mkdirSync(directory, { recursive: true });
    utimesSync(directory, then, then);
  }
}
