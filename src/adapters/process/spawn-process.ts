import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { AppError, errnoOf, systemHint } from '../../util/errors.ts';
import { change } from '../store/change.ts';
import { openOutput } from '../store/changes.ts';
import { definedOnly } from './environment.ts';

interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files that get standard output and standard error appended; mode 0600. */
  readonly stdoutFile: string;
  readonly stderrFile: string;
  /** What the process reads on standard input, which is then closed. */
  readonly input?: string;
}

/** How a process that was started here ended. */
export interface ProcessExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** A process in a session of its own, writing to files, so that it outlives whoever started it. */
export interface SpawnedProcess {
  readonly pid: number;
  /** Resolves when it has ended; never rejects. */
  readonly exit: Promise<ProcessExit>;
  /** Lets this process end while the other one goes on. */
  release(): void;
}

/**
 * Starts a process in a session of its own.
 *
 * @throws AppError `cannot_start` when there is no such program or it may not be run
 */
export async function spawnProcess(options: SpawnOptions): Promise<SpawnedProcess> {
  const { command, args, stdoutFile, stderrFile } = options;
  const out = openOutput(stdoutFile, 'a');
  const err = stderrFile === stdoutFile ? out : openOutput(stderrFile, 'a');
  try {
    return await change('start', [command, ...args].join(' '), async () => started(options, out, err));
  } finally {
    closeSync(out);
    if (err !== out) closeSync(err);
  }
}

async function started(options: SpawnOptions, out: number, err: number): Promise<SpawnedProcess> {
  const { command, args, cwd, env, input } = options;
  const child = spawn(command, args, {
    cwd,
    env: definedOnly(env),
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', out, err],
  });
  const exit = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      const hint = systemHint(errnoOf(cause) ?? '');
      reject(new AppError('cannot_start', `cannot start ${command}: ${cause.message}`, { hint, cause }));
    });
  });
  // A process may end without reading its input; its exit code says the rest.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return { pid: child.pid ?? -1, exit, release: () => child.unref() };
}
