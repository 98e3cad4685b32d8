import { readdirSync, readFileSync } from 'node:fs';
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
  return readdirSync('/proc')
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
