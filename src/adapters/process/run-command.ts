import { closeSync } from 'node:fs';
import { change } from '../store/change.ts';
import { openOutput } from '../store/changes.ts';
import { definedOnly } from './environment.ts';
import { killGroup, rememberGroup } from './live-groups.ts';
import { type ChildEnd, startPiped, type StartedChild } from './piped-child.ts';

/** How a foreign program ended; never an exception. */
export interface CommandResult extends ChildEnd {
  readonly timedOut: boolean;
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
  const { stdoutFile, stderrFile, timeoutMs } = options;
  const startedAt = performance.now();
  const isPiped = stdoutFile === undefined && stderrFile === undefined;
  const child = isPiped ? startPiped({ ...options, env: definedOnly(options.env) }) : await startWithFiles(options);
  const { pid } = child;
  const forget = pid === undefined ? undefined : rememberGroup(pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (pid !== undefined) killGroup(pid, 'SIGKILL');
  }, timeoutMs);
  try {
    const end = await child.ended;
    return { ...end, timedOut, durationMs: performance.now() - startedAt };
  } finally {
    clearTimeout(timer);
    forget?.();
  }
}

async function startWithFiles(options: CommandOptions): Promise<StartedChild> {
  const { command, args, cwd, env, input } = options;
  // It takes longer to load than many commands take to run.
  const { execa } = await import('execa');
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
  return { pid: child.pid, ended: endOf(child, child.pid) };
}

async function endOf(child: PromiseLike<ExecaEnd>, pid: number | undefined): Promise<ChildEnd> {
  const { stdout, stderr, exitCode, signal, code } = await child;
  return {
    stdout: typeof stdout === 'string' ? stdout : '',
    stderr: typeof stderr === 'string' ? stderr : '',
    exitCode,
    signal,
    startError: pid === undefined ? (code ?? 'EUNKNOWN') : undefined,
  };
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

/** What execa says of a program that has ended, as far as it counts here. */
interface ExecaEnd {
  readonly stdout?: unknown;
  readonly stderr?: unknown;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
}

/** execa accepts any descriptor of this process; its types cover those up to 9. */
function descriptorOrPipe(file: number | undefined): 3 | 'pipe' {
  return (file ?? 'pipe') as 3 | 'pipe';
}
