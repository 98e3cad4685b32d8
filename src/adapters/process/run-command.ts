import { closeSync } from 'node:fs';
import { change } from '../store/change.ts';
import { openOutput } from '../store/changes.ts';
import { definedOnly } from './environment.ts';
import { killGroup, rememberGroup } from './live-groups.ts';

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
  /** Called with what it writes to standard error, as it comes; not with a file for that. */
  readonly onStderr?: ((text: string) => void) | undefined;
  /** Files that get standard output and standard error, from their beginning, instead of the result; mode 0600. */
  readonly stdoutFile?: string;
  readonly stderrFile?: string;
}

/**
 * Runs a program to its end in a session of its own, so that it cannot ask anything on a terminal and a deadline ends
 * it with all its children. No shell is involved.
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  return change('run', [options.command, ...options.args].join(' '), async () => runToEnd(options));
}

async function runToEnd(options: CommandOptions): Promise<CommandResult> {
  const { command, args, cwd, env, input, timeoutMs, onStderr } = options;
  // It takes longer to load than many commands take to run.
  const { execa } = await import('execa');
  const startedAt = performance.now();
  const [stdout, stderr] = openOutputs(options);
  const child = execa(command, args, {
    cwd,
    env: definedOnly(env),
    extendEnv: false,
    detached: true,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 512 * 1024 * 1024,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    stdout: descriptorOrPipe(stdout),
    stderr: descriptorOrPipe(stderr),
    cleanup: false,
  });
  for (const file of [stdout, stderr]) if (file !== undefined) closeSync(file);
  if (onStderr !== undefined) child.stderr?.on('data', (chunk) => onStderr(String(chunk)));
  const { pid } = child;
  const forget = pid === undefined ? undefined : rememberGroup(pid);
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
    forget?.();
  }
}

/**
 * The descriptors of the files that get the output, for the child itself. Through a pipe the end of it would be lost
 * with a program that exits before all of it is read, as programs of Node.js and Bun do.
 */
function openOutputs({ stdoutFile, stderrFile }: CommandOptions): [number | undefined, number | undefined] {
  const stdout = stdoutFile === undefined ? undefined : openOutput(stdoutFile, 'w');
  try {
    return [stdout, stderrFile === undefined ? undefined : openOutput(stderrFile, 'w')];
  } catch (error) {
    if (stdout !== undefined) closeSync(stdout);
    throw error;
  }
}

/** execa accepts any descriptor of this process; its types cover those up to 9. */
function descriptorOrPipe(file: number | undefined): 3 | 'pipe' {
  return (file ?? 'pipe') as 3 | 'pipe';
}
