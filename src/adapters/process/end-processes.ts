import type { Clock } from '../clock.ts';
import { lookForRun, type ProcessMark } from './process-table.ts';

const POLL_MS = 20;

/** How long the processes of a run may take to end after TERM, in milliseconds. */
const GRACE_MS = 3000;

/** After this nothing more can be done: the process is stuck in the kernel or belongs to another user. */
const GIVE_UP_MS = 10_000;

/** How long a process without an environment is waited for, when no other is left: it is becoming another program, or hides it. */
const UNSURE_MS = 1000;

interface EndOptions {
  readonly runId: string;
  /** Processes known to belong to the run and alive now, for systems that do not show another process's environment. */
  readonly roots?: readonly ProcessMark[];
  readonly clock: Clock;
}

/**
 * Ends every process of a run: TERM, up to 3 s of grace, KILL, until none is left, or for 10 s.
 *
 * @returns how many processes there were
 */
export async function endProcessesOfRun({ runId, roots = [], clock }: EndOptions): Promise<number> {
  const seen = new Map<string, ProcessMark>(roots.map((root) => [`${root.pid} ${root.start ?? ''}`, root]));
  const told = new Set<string>();
  const startedAt = clock.monotonic();
  let lastSeenAt = startedAt;
  for (;;) {
    const { rows, unsure } = lookForRun(runId, [...seen.values()]);
    const now = clock.monotonic();
    const elapsed = now - startedAt;
    if (rows.length > 0) lastSeenAt = now;
    const isEmpty = rows.length === 0 && (!unsure || now - lastSeenAt >= UNSURE_MS);
    if (isEmpty || elapsed >= GIVE_UP_MS) return told.size;
    for (const { pid, start } of rows) {
      const key = `${pid} ${start}`;
      const late = elapsed >= GRACE_MS;
      if (late || !told.has(key)) sendSignal(pid, late ? 'SIGKILL' : 'SIGTERM');
      seen.set(key, { pid, start });
      told.add(key);
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
