import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf, until, type World } from '../../test/support/world.ts';
import { bareBinary, call, inWorld, kugetsu, prepare, REF } from './bench-world.ts';
import { IDLE_MS, pause, SETTLE_MS } from './memory.ts';
import { row, type Row } from './row.ts';
import { timeSideBySide } from './sample.ts';

const ROUNDS = 20;
const IDLE_AGENTS = 8;
const MANY_AGENTS = 50;
/** One percent of a core. */
const IDLE_LIMIT_MS = IDLE_MS / 100;
const CHANGES_A_SECOND = 10;
const CHANGING_S = 10;
const [COLUMNS, LINES] = [100, 30];

/** What looking costs: a list, and a screen that stays, beside one that calls the list again and again. */
export async function look(): Promise<Row[]> {
  return [...(await lists()), ...(await idleScreens()), ...(await busyScreen())];
}

async function lists(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    await fleet(world, MANY_AGENTS);
    const list = `list, ${MANY_AGENTS} agents at work`;
    const bare = { name: 'bare', command: [bareBinary(world.root)], env: world.env };
    const medians = timeSideBySide([bare, kugetsu(world, list, 'list')], ROUNDS);
    const over = { value: medians.get('bare') ?? Number.NaN, of: 'bare' };
    return [row('look', list, { value: medians.get(list) ?? Number.NaN, over })];
  });
}

/** The CPU time of both in the same minute, while agents are at work and say nothing. */
async function idleScreens(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    await fleet(world, IDLE_AGENTS);
    const program = kugetsu(world, '', 'list').command[0] ?? '';
    const screens = [new OnTerminal(world, `${program} watch`), new OnTerminal(world, `watch -n 1 ${program} list`)];
    const before = screens.map((screen) => screen.cpuMs());
    await pause(SETTLE_MS);
    const settled = screens.map((screen) => screen.cpuMs());
    await pause(IDLE_MS);
    const [own = Number.NaN, other = Number.NaN] = screens.map(
      (screen, index) => screen.cpuMs() - (settled[index] ?? 0),
    );
    if (before.some((ms) => Number.isNaN(ms))) throw new Error('a screen was not there');
    for (const screen of screens) screen.close();
    const name = 'watch -n 1 kugetsu list';
    const where = `CPU time in a minute, ${IDLE_AGENTS} agents at work`;
    return [
      row('look', `${name}, ${where}`, { value: other }),
      row('look', `kugetsu watch, ${where}`, { value: own, atMost: IDLE_LIMIT_MS }),
      row('look', 'kugetsu watch beside it', { value: own, over: { value: other, of: name } }),
    ];
  });
}

/** A screen on which something changes all the time: what it takes and writes, beside writing each frame whole. */
async function busyScreen(): Promise<Row[]> {
  return inWorld({}, async (world) => {
    const logs = await fleet(world, MANY_AGENTS);
    const screen = new OnTerminal(world, `${kugetsu(world, '', 'list').command[0]} watch`);
    await until('the screen is drawn', () => screen.text.includes('agents '));
    await pause(SETTLE_MS);
    const first = Math.max(...framesIn(screen.text).map((frame) => frame.length));
    const [cpu, from] = [screen.cpuMs(), screen.text.length];
    for (let change = 0; change < CHANGES_A_SECOND * CHANGING_S; change += 1) {
      appendFileSync(logs[change % logs.length] ?? '', `${toolLine(change)}\n`);
      await pause(1000 / CHANGES_A_SECOND);
    }
    const took = screen.cpuMs() - cpu;
    const written = screen.text.slice(from);
    screen.close();
    if (written.includes('\u001B[2J')) throw new Error('the whole screen was erased: it flickers');
    const frames = framesIn(written);
    const what = `kugetsu watch, ${MANY_AGENTS} agents, ${CHANGES_A_SECOND} changes a second for ${CHANGING_S} s`;
    const whole = { value: frames.length * first, of: 'whole frames' };
    return [
      row('look', `${what}: CPU time`, { value: took }),
      row('look', `${what}: frames`, { value: frames.length, unit: 'times' }),
      row('look', `${what}: bytes`, { value: written.length, unit: 'bytes', over: whole, atMost: 1 }),
    ];
  });
}

/** What was drawn at once, each time. */
const framesIn = (text: string): string[] => text.split('\u001B[?2026h').slice(1);

function toolLine(number: number): string {
  const state = { status: 'completed', title: '', input: { command: `npm run step-${number}` } };
  return JSON.stringify({ type: 'tool_use', timestamp: Date.now(), part: { tool: 'bash', state } });
}

/** A program on a terminal of its own. */
class OnTerminal {
  text = '';
  private readonly child: ChildProcess;

  constructor(world: World, command: string) {
    const line = `stty rows ${LINES} cols ${COLUMNS}; exec ${command}`;
    this.child = spawn('script', ['--quiet', '--flush', '--command', line, '/dev/null'], {
      cwd: world.project,
      env: { ...world.env, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.child.stdout?.on('data', (data) => (this.text += String(data)));
  }

  /** What the program on the terminal, with all that it has called, has used of the CPU so far, in milliseconds. */
  cpuMs(): number {
    const [child] = childrenOf(this.child.pid ?? 0);
    if (child === undefined) return 0;
    const fields = readFileSync(`/proc/${child}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return [11, 12, 13, 14].reduce((total, field) => total + Number(fields[field]) * 10, 0);
  }

  close(): void {
    this.child.kill('SIGTERM');
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

/**
 * A world in which so many agents are at work: one is, and the others are records of the same processes under other names.
 *
 * @returns the logs of all of them
 */
async function fleet(world: World, count: number): Promise<string[]> {
  await prepare(world);
  await call(world, 'start', REF, 'fake: stall');
  await until('the agent is at work', () => processesOf(world.root).length > 1);
  const [runs, sessions, logs] = ['runs', 'sessions', 'logs'].map((name) => join(world.home, name));
  const run = readdirSync(runs ?? '').find((name) => name.endsWith('.json')) ?? '';
  const session = readdirSync(sessions ?? '').find((name) => name.startsWith('forge')) ?? '';
  const [record, kept] = [join(runs ?? '', run), join(sessions ?? '', session)].map((path) =>
    readFileSync(path, 'utf8'),
  );
  const id = run.replace('.json', '');
  const log = readFileSync(join(logs ?? '', `${id}.log`), 'utf8');
  const index = join(world.home, 'index.json');
  const known = JSON.parse(readFileSync(index, 'utf8')) as { issues: Record<string, string> };
  const all = [join(logs ?? '', `${id}.log`)];
  for (let number = 2; number <= count; number += 1) {
    const other = `${id.slice(0, -2)}${String(number).padStart(2, '0')}`;
    const renamed = (text = ''): string => text.replaceAll(id, other).replaceAll(REF, `${REF.slice(0, -1)}${number}`);
    const name = session.replace('1.json', `${number}.json`);
    writeFileSync(join(runs ?? '', `${other}.json`), renamed(record), { mode: 0o600 });
    writeFileSync(join(sessions ?? '', name), renamed(kept), { mode: 0o600 });
    writeFileSync(join(logs ?? '', `${other}.log`), renamed(log), { mode: 0o600 });
    known.issues[`${REF.slice(0, -1)}${number}`] = name;
    all.push(join(logs ?? '', `${other}.log`));
  }
  writeFileSync(index, JSON.stringify(known), { mode: 0o600 });
  return all;
}
