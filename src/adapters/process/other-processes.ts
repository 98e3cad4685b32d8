import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { sep } from 'node:path';
import { listDirectoryAtOnce } from '../store/directory.ts';
import { RUN_ID_VARIABLE } from './environment.ts';

/** A process that carries a run's id in its environment. */
export interface RunProcess {
  readonly pid: number;
  readonly runId: string;
  /** The value of `KUGETSU_DIR`, which every process of a run carries too. */
  readonly home: string | undefined;
}

/** Every process of any run that this user may look at; none on systems that do not show environments. */
export function runProcesses(): RunProcess[] {
  if (process.platform !== 'linux') return [];
  return pids().flatMap((pid) => {
    const environment = readOwn(`/proc/${pid}/environ`)?.split('\0') ?? [];
    const value = (name: string): string | undefined =>
      environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
    const runId = value(RUN_ID_VARIABLE);
    return runId === undefined ? [] : [{ pid, runId, home: value('KUGETSU_DIR') }];
  });
}

/** The files that processes of this user have mapped into memory, such as libraries; undefined when that cannot be told. */
export function mappedFiles(): Set<string> | undefined {
  if (process.platform !== 'linux') return undefined;
  const files = new Set<string>();
  for (const pid of pids()) {
    for (const line of readOwn(`/proc/${pid}/maps`)?.split('\n') ?? []) {
      const slash = line.indexOf('/');
      if (slash !== -1) files.add(line.slice(slash));
    }
  }
  return files;
}

function pids(): number[] {
  return listDirectoryAtOnce('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readOwn(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended meanwhile, or is another user's.
    return undefined;
  }
}

/** A git that runs now. */
interface GitProcess {
  readonly pid: number;
  /** When it was started, in milliseconds since the epoch, as exact as a second. */
  readonly startedMs: number;
}

// sysconf(_SC_CLK_TCK) is 100 on every Linux that Node runs on.
const TICK_MS = 10;

/**
 * The gits that may work in one of these places, which are paths without links: in it as their directory, or with its path on their command line or in their
 * environment. Undefined where another process cannot be looked at.
 */
export async function gitsAtWork(places: readonly string[]): Promise<readonly GitProcess[] | undefined> {
  const bootMs = await bootTime();
  if (bootMs === undefined) return undefined;
  const found = await Promise.all(
    pids().map(async (pid): Promise<GitProcess[]> => {
      const stat = (await textOf(`/proc/${pid}/stat`)) ?? '';
      const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
      const fields = rest.split(' ');
      if (!name.startsWith('git') || ['Z', 'X'].includes(fields[0] ?? 'X')) return [];
      if (!(await worksIn(pid, places))) return [];
      return [{ pid, startedMs: bootMs + Number(fields[19]) * TICK_MS }];
    }),
  );
  return found.flat();
}

/** Whether a process has this file open, as far as processes can be looked at. */
export async function isOpen(path: string): Promise<boolean> {
  const open = await Promise.all(
    pids().map(async (pid) => {
      const numbers = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const targets = await Promise.all(numbers.map(async (number) => linkAt(`/proc/${pid}/fd/${number}`)));
      return targets.includes(path);
    }),
  );
  return open.includes(true);
}

async function worksIn(pid: number, places: readonly string[]): Promise<boolean> {
  const directory = await linkAt(`/proc/${pid}/cwd`);
  // Another user's cannot write here.
  if (directory === undefined) return false;
  if (places.some((place) => directory === place || directory.startsWith(place + sep))) return true;
  const said = `${(await textOf(`/proc/${pid}/cmdline`)) ?? ''}\0${(await textOf(`/proc/${pid}/environ`)) ?? ''}`;
  return places.some((place) => said.includes(place));
}

async function bootTime(): Promise<number | undefined> {
  const seconds = /^btime (\d+)$/m.exec((await textOf('/proc/stat')) ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

async function linkAt(path: string): Promise<string | undefined> {
  return readlink(path).catch(() => undefined);
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
