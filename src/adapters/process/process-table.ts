import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { RUN_ID_VARIABLE } from './environment.ts';
import { procStatFields } from './process-identity.ts';

interface ProcessRow {
  readonly pid: number;
  /** Tells it from a later process with the same pid. */
  readonly start: string;
  readonly parent: number;
  /** CPU time used so far, in seconds. */
  readonly cpuSeconds: number;
}

/** A process that is known already; without a start time the pid alone is trusted. */
export interface ProcessMark {
  readonly pid: number;
  readonly start?: string | undefined;
}

// sysconf(_SC_CLK_TCK) is 100 on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;

/** How often an environment that is empty is read. */
const MAX_READS = 3;

/** How often all processes are looked at, while one of them shows no environment. */
const MAX_LOOKS = 10;

// include/linux/sched.h: a thread of the kernel's, which never has an environment.
const PF_KTHREAD = 0x00_20_00_00;

/** What one look at the process table shows of a run. */
interface RunProcesses {
  readonly rows: ProcessRow[];
  /** Whether there may be another one: for the moment in which a process becomes another program, it has no environment. */
  readonly unsure: boolean;
}

/** The processes of a run, as {@link lookForRun} finds them. */
export function processesOfRun(runId: string): ProcessRow[] {
  return lookForRun(runId).rows;
}

/**
 * The processes of a run, this one and its ancestors excepted: those that carry the run's id in their environment, and
 * all descendants of these and of `roots` but those of another run. A tool's command has a session and process group of its own, so neither a
 * process group nor the parent alone finds it.
 */
export function lookForRun(runId: string, roots: readonly ProcessMark[] = []): RunProcesses {
  const table = processTable();
  const spared = ancestry(table, process.pid);
  const members = new Set<number>();
  for (const { pid, start } of table) {
    if (roots.some((root) => root.pid === pid && (root.start === undefined || root.start === start))) members.add(pid);
  }
  const others = new Set<number>();
  const unsure = new Set<number>();
  for (const { pid } of table) {
    const environment = environmentOf(pid);
    const carried = runIdIn(environment);
    if (carried === runId) members.add(pid);
    else if (carried !== undefined) others.add(pid);
    else if (environment === undefined) unsure.add(pid);
  }
  for (const pid of spared) members.delete(pid);
  let size = -1;
  while (size !== members.size) {
    size = members.size;
    for (const { pid, parent } of table)
      if (members.has(parent) && !spared.has(pid) && !others.has(pid)) members.add(pid);
  }
  const rows = table.filter(({ pid }) => members.has(pid));
  return { rows, unsure: [...unsure].some((pid) => !members.has(pid) && !spared.has(pid)) };
}

/** The ids of runs of which a process is alive; on systems that do not show another process's environment, none. */
export function runIdsInUse(): Set<string> {
  const ids = new Set<string>();
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const environments = processTable().map(({ pid }) => environmentOf(pid));
    for (const id of environments.map(runIdIn)) if (id !== undefined) ids.add(id);
    // One that is becoming another program shows its environment a moment later.
    if (!environments.includes(undefined)) break;
  }
  return ids;
}

function ancestry(table: readonly ProcessRow[], pid: number): Set<number> {
  const parents = new Map(table.map((row) => [row.pid, row.parent]));
  const line = new Set<number>();
  for (let next: number | undefined = pid; next !== undefined && !line.has(next); next = parents.get(next)) {
    line.add(next);
  }
  return line;
}

function processTable(): ProcessRow[] {
  return process.platform === 'linux' ? linuxTable() : psTable();
}

function linuxTable(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readProc(`/proc/${name}/stat`);
    if (stat === undefined) continue;
    const fields = procStatFields(stat);
    if (fields[0] === 'Z' || fields[0] === 'X' || (Number(fields[6]) & PF_KTHREAD) !== 0) continue;
    const ticks = Number(fields[11]) + Number(fields[12]);
    rows.push({
      pid: Number(name),
      start: fields[19] ?? '',
      parent: Number(fields[1]),
      cpuSeconds: ticks / TICKS_PER_SECOND,
    });
  }
  return rows;
}

/** The environment of a process; undefined while it becomes another program, which has neither arguments nor environment yet. */
function environmentOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return '';
  for (let attempt = 0; attempt < MAX_READS; attempt += 1) {
    const environment = readProc(`/proc/${pid}/environ`);
    if (environment !== '') return environment ?? '';
    if (readProc(`/proc/${pid}/cmdline`) === '') return undefined;
    // It became the other program between the two reads, or really has an empty environment.
  }
  return '';
}

function runIdIn(environment: string | undefined): string | undefined {
  const prefix = `${RUN_ID_VARIABLE}=`;
  const entry = environment?.split('\0').find((variable) => variable.startsWith(prefix));
  return entry?.slice(prefix.length);
}

// A process may end, or belong to somebody else, between listing and reading: it is then none of ours.
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function psTable(): ProcessRow[] {
  const text = execFileSync('ps', ['-axo', 'pid=,ppid=,time=,lstart='], { encoding: 'utf8' });
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length >= 4)
    .map(([pid, parent, time = '', ...start]) => ({
      pid: Number(pid),
      start: start.join(' '),
      parent: Number(parent),
      cpuSeconds: time.split(':').reduce((total, part) => total * 60 + Number(part), 0),
    }));
}
