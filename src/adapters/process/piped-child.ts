import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { errnoOf } from '../../util/errors.ts';
import { killGroup } from './live-groups.ts';

/** A program that was started, or could not be. */
export interface StartedChild {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it has ended and all that it has written is read; never rejects. */
  readonly ended: Promise<ChildEnd>;
}

/** How a program ended; never an exception. */
export interface ChildEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when a signal ended it, or when it could not be started. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** `ENOENT`, `EACCES`, … when it could not be started. */
  readonly startError: string | undefined;
}

interface PipedOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it reads on standard input; nothing without. */
  readonly input?: string | Uint8Array | undefined;
  /** Called with what it writes to standard error, as it comes. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** A program that writes more is ended: no text can hold much more. */
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/**
 * Starts a program in a session of its own and reads what it writes. A run starts some twenty gits, and through execa each of
 * them takes three times the CPU time.
 */
export function startPiped({ command, args, cwd, env, input, onStderr }: PipedOptions): StartedChild {
  let child: ChildProcess;
  try {
    child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    return { pid: undefined, ended: Promise.resolve(notStarted(error)) };
  }
  const { pid } = child;
  const [stdout, stderr] = [collected(child.stdout, pid), collected(child.stderr, pid)];
  if (onStderr !== undefined) child.stderr?.on('data', (chunk) => onStderr(String(chunk)));
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('error', (error) => pid === undefined && resolve(notStarted(error)));
    child.once('close', (code, signal) =>
      resolve({
        stdout: stdout(),
        stderr: stderr(),
        exitCode: code ?? undefined,
        signal: signal ?? undefined,
        startError: undefined,
      }),
    );
  });
  // A program may end without reading its input; its exit code says the rest.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return { pid, ended };
}

function notStarted(error: unknown): ChildEnd {
  const startError = errnoOf(error) ?? 'EUNKNOWN';
  return { stdout: '', stderr: '', exitCode: undefined, signal: undefined, startError };
}

/** Reads a stream to its end. @returns what gives all of it as text */
function collected(stream: Readable | null, pid: number | undefined): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_OUTPUT_BYTES) chunks.push(chunk);
    else if (pid !== undefined) killGroup(pid, 'SIGKILL');
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
