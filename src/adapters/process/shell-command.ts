import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { change } from '../store/change.ts';
import { endProcessesOfRun } from './end-processes.ts';
import { definedOnly } from './environment.ts';
import { rememberGroup } from './live-groups.ts';
import { identityOf } from './process-identity.ts';

/** How long output may be missing after the shell has ended, in milliseconds: what it left behind may hold the pipe. */
const LAST_OUTPUT_MS = 200;
/** How often it is looked for more: what is left behind may go on writing, and a pipe holds little of what came before. */
const LAST_LOOKS = 5;
/** How often the clocks are looked at, in milliseconds. */
const POLL_MS = 50;

interface ShellOptions {
  /** What the user has written, for `sh -c`. */
  readonly command: string;
  readonly cwd: string;
  /** The whole environment; it carries the run's id. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runId: string;
  readonly clock: Clock;
  /** 0 for no limit. */
  readonly timeoutMs: number;
  /** Aborts to end it. */
  readonly signal: AbortSignal;
  /** Called with what it writes to standard output and standard error, as it comes; it is read no faster than this returns. */
  readonly onOutput: (text: string) => Promise<void>;
}

/** How a shell command ended. */
export interface ShellResult {
  /** Undefined when a signal ended it, or when it was not waited for. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly endedFor: 'timeout' | 'stopped' | undefined;
  /** Why it could not be started. */
  readonly startError: string | undefined;
  readonly ms: number;
}

/**
 * Runs a shell command to its end, as a session of its own and without input. When its time is over, or `signal` aborts, every
 * process of the run is ended, whatever it ignores. Processes that it leaves behind by themselves go on: the run's end finds them.
 */
export async function runShellCommand(options: ShellOptions): Promise<ShellResult> {
  return change('run', options.command, async () => runToEnd(options));
}

async function runToEnd(options: ShellOptions): Promise<ShellResult> {
  const { command, cwd, env, runId, clock, timeoutMs, signal, onOutput } = options;
  const startedAt = clock.monotonic();
  // One pipe for both, so that lines come in their order and whole.
  const child = spawn('/bin/sh', ['-c', `exec 2>&1; ${command}`], {
    cwd,
    env: definedOnly(env),
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { pid } = child;
  const forget = pid === undefined ? undefined : rememberGroup(pid);
  const ended = new AbortController();
  let end: Pick<ShellResult, 'exitCode' | 'signal' | 'startError'> = NOT_ENDED;
  child.once('error', (error) => {
    end = { ...NOT_ENDED, startError: error.message };
    ended.abort();
  });
  child.once('exit', (code, name) => {
    end = { exitCode: code ?? undefined, signal: name ?? undefined, startError: undefined };
    ended.abort();
  });
  const output = new Output(child.stdout, onOutput);
  const over = AbortSignal.any([ended.signal, signal]);
  let endedFor: ShellResult['endedFor'];
  while (!ended.signal.aborted && endedFor === undefined) {
    await clock.sleep(POLL_MS, over);
    if (signal.aborted) endedFor = 'stopped';
    else if (timeoutMs > 0 && clock.monotonic() - startedAt >= timeoutMs) endedFor = 'timeout';
  }
  // The shell may have ended by itself at the last moment.
  if (ended.signal.aborted && !signal.aborted) endedFor = undefined;
  else if (pid !== undefined && endedFor !== undefined) {
    await endProcessesOfRun({ runId, roots: [{ pid, start: identityOf(pid)?.process_start }], clock });
  }
  await output.untilQuiet(clock);
  output.release();
  forget?.();
  return { ...end, endedFor, ms: clock.monotonic() - startedAt };
}

const NOT_ENDED = { exitCode: undefined, signal: undefined, startError: undefined };

/** What comes out of a command, one piece after the other. */
class Output {
  private isOpen = true;
  private isReleased = false;
  private pieces = 0;
  private handed: Promise<void> = Promise.resolve();
  private readonly stream: Readable;

  constructor(stream: Readable, onOutput: (text: string) => Promise<void>) {
    this.stream = stream;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      if (this.isReleased) return;
      this.pieces += 1;
      stream.pause();
      this.handed = this.handed.then(async () => onOutput(text)).finally(() => stream.resume());
      // Whoever waits for it learns why.
      this.handed.catch(() => undefined);
    });
    stream.on('error', () => undefined);
    stream.once('close', () => {
      this.isOpen = false;
    });
  }

  /** Waits until all that was written is handed on, but not for what a process that was left behind may still write. */
  async untilQuiet(clock: Clock): Promise<void> {
    let seen = -1;
    for (let looks = 0; this.isOpen && seen !== this.pieces && looks < LAST_LOOKS; looks += 1) {
      seen = this.pieces;
      await clock.sleep(LAST_OUTPUT_MS);
      await this.handed;
    }
    await this.handed;
  }

  /** Lets whoever still writes go on, and this process end. */
  release(): void {
    this.isReleased = true;
    this.stream.resume();
    if ('unref' in this.stream && typeof this.stream.unref === 'function') this.stream.unref();
  }
}
