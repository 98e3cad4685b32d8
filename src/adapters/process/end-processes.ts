import type { Clock } from '../clock.ts';
import { processesOfRun } from './process-table.ts';

const POLL_MS = 20;

/** How long the processes of a run may take to end after TERM, in milliseconds. */
const GRACE_MS = 3000;

interface EndOptions {
  readonly runId: string;
  /** Processes known to belong to the run, for systems that do not show another process's environment. */
  readonly roots?: readonly number[];
  readonly clock: Clock;
}

/**
 * Ends every process of a run: TERM, up to 3 s of grace, KILL, until none is left.
 *
 * @returns how many processes there were
 */
export async function endProcessesOfRun({ runId, roots = [], clock }: EndOptions): Promise<number> {
  const seen = new Set<number>(roots);
  const ended = new Set<number>();
  const deadline = clock.now() + GRACE_MS;
  for (;;) {
    const rows = processesOfRun(runId, [...seen]);
    if (rows.length === 0) return ended.size;
    for (const { pid } of rows) {
      const late = clock.now() >= deadline;
      if (late || !ended.has(pid)) sendSignal(pid, late ? 'SIGKILL' : 'SIGTERM');
      seen.add(pid);
      ended.add(pid);
    }
    await clock.sleep(POLL_MS);
  }
}

/** Sends a signal; a process that is gone already is fine. @returns whether it was there */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
