import { execa } from 'execa';
import { change } from '../store/change.ts';
import { definedOnly } from './environment.ts';

/** How a foreign program ended; never an exception. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when a signal ended it, or when it could not be started. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  /** `ENOENT`, `EACCES`, … when it could not be started. */
  readonly startError: string | undefined;
  readonly durationMs: number;
}

interface CommandOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it reads on standard input; closed at once without. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Gets standard output instead of the result, for more than fits in memory comfortably. */
  readonly stdoutFile?: string;
}

const liveGroups = new Set<number>();

/** Ends every program that {@link runCommand} has running; for a process that is about to exit on a signal. */
export function endLiveCommands(): void {
  for (const pid of liveGroups) killGroup(pid, 'SIGTERM');
}

/**
 * Runs a program to its end in a session of its own, so that it cannot ask anything on a terminal and a deadline ends
 * it with all its children. No shell is involved.
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  return change('run', [options.command, ...options.args].join(' '), async () => runToEnd(options));
}

async function runToEnd(options: CommandOptions): Promise<CommandResult> {
  const { command, args, cwd, env, input, timeoutMs, stdoutFile } = options;
  const startedAt = performance.now();
  const child = execa(command, args, {
    cwd,
    env: definedOnly(env),
    extendEnv: false,
    detached: true,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 512 * 1024 * 1024,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    stdout: stdoutFile === undefined ? 'pipe' : { file: stdoutFile },
    cleanup: false,
  });
  const { pid } = child;
  if (pid !== undefined) liveGroups.add(pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (pid !== undefined) killGroup(pid, 'SIGKILL');
  }, timeoutMs);
  try {
    const result = await child;
    return {
      stdout: typeof result.stdout === 'string' ? result.stdout : '',
      stderr: typeof result.stderr === 'string' ? result.stderr : '',
      exitCode: result.exitCode,
      signal: result.signal,
      timedOut,
      startError: pid === undefined ? (result.code ?? 'EUNKNOWN') : undefined,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    clearTimeout(timer);
    if (pid !== undefined) liveGroups.delete(pid);
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}
