import { runShellCommand, type ShellResult } from '../../adapters/process/shell-command.ts';
import { lineRedactor, type Redactor } from '../../util/redaction.ts';
import { formatBytes, oneLine, plainText } from '../../util/text.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import type { RunLog } from './run-log.ts';

/** A shell command that the user has written down for a repository. */
interface UserCommand {
  /** What the log calls it: `set-up`. */
  readonly name: string;
  readonly command: string;
  readonly directory: string;
  /** All of the environment, with the run's id. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runId: string;
  /** 0 for no limit. */
  readonly timeoutMs: number;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}

/** How it ended, and the end of what it printed. */
export interface UserCommandResult extends ShellResult {
  /** The last lines without secrets, 8 KB at most. */
  readonly tail: readonly string[];
}

/** The rest of the log is the agent's. */
const MOST_LOGGED = 1024 * 1024;
const TAIL = 8 * 1024;
/** A private key that begins before the tail is known by its first line. */
const BEFORE_TAIL = 56 * 1024;
/** What is longer is no line that somebody reads; of such a one the beginning counts. */
const LONGEST_LINE = 64 * 1024;
/** A secret that the cut goes through is not known any more, so that much is dropped before it. */
const BEFORE_CUT = 8 * 1024;

/** Runs a command of the user's to its end; what it prints goes into the run's log without secrets, as it comes. */
export async function runUserCommand(
  context: Pick<Context, 'clock' | 'home' | 'env'>,
  { name, log, directory, ...command }: UserCommand,
): Promise<UserCommandResult> {
  const redactor = await redactorOf(context);
  const output = new CommandOutput(redactor, name, log);
  const { clock } = context;
  const onOutput = async (text: string): Promise<void> => output.take(text);
  const result = await runShellCommand({ ...command, cwd: directory, clock, onOutput });
  return { ...result, tail: await output.end() };
}

/** How a command ended that failed, in words: `exit code 1`. */
export function howItEnded({ exitCode, signal, endedFor, startError }: ShellResult, timeout: string): string {
  if (startError !== undefined) return `it could not be started (${oneLine(startError, 100)})`;
  if (endedFor === 'timeout') return timeout;
  return exitCode === undefined ? `ended by ${signal ?? 'a signal'}` : `exit code ${exitCode}`;
}

/** Makes lines of pieces, logs them without secrets as long as there is room, and keeps the last ones. */
class CommandOutput {
  private readonly redactor: Redactor;
  private readonly clean: (line: string) => string;
  private readonly name: string;
  private readonly log: RunLog;
  /** The last lines as they came: to clean all that is printed would take longer than to print it. */
  private last: string[] = [];
  private lastSize = 0;
  private rest = '';
  private isCut = false;
  private logged = 0;
  private left = 0;

  constructor(redactor: Redactor, name: string, log: RunLog) {
    this.redactor = redactor;
    this.clean = lineRedactor(redactor);
    this.name = name;
    this.log = log;
  }

  async take(text: string): Promise<void> {
    const lines = `${this.rest}${text}`.split('\n');
    this.rest = lines.pop() ?? '';
    // Of a line of which the beginning was taken already the end is nothing.
    const whole = this.isCut ? lines.slice(1) : lines;
    if (lines.length > 0) this.isCut = false;
    if (this.rest.length > LONGEST_LINE) {
      if (!this.isCut) whole.push(this.rest);
      this.isCut = true;
      this.rest = '';
    }
    await this.write(whole);
  }

  /** @returns the last lines without secrets */
  async end(): Promise<string[]> {
    if (this.rest !== '' && !this.isCut) await this.write([this.rest]);
    const clean = lineRedactor(this.redactor);
    const tail = this.last.map((line) => cleanLine(clean, line).slice(0, TAIL));
    for (let size = sizeOf(tail); size > TAIL && tail.length > 1;) size -= (tail.shift()?.length ?? 0) + 1;
    if (this.left > 0) {
      const note = `${formatBytes(this.left)} of the ${this.name}'s output is not in this log; it ended with:`;
      await this.log.record({ event: 'warning', text: note });
      await this.log.record({ event: 'output', text: tail.join('\n') });
    }
    return tail;
  }

  private async write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const size = sizeOf(lines);
    this.last.push(...lines);
    this.lastSize += size;
    while (this.lastSize > TAIL + BEFORE_TAIL && this.last.length > 1) {
      this.lastSize -= (this.last.shift()?.length ?? 0) + 1;
    }
    if (this.logged + size > MOST_LOGGED) {
      this.left += size;
      return;
    }
    this.logged += size;
    await this.log.record({ event: 'output', text: lines.map((line) => cleanLine(this.clean, line)).join('\n') });
  }
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

function cleanLine(clean: (line: string) => string, line: string): string {
  if (line.length <= LONGEST_LINE) return clean(plainText(line));
  const kept = clean(plainText(line.slice(0, LONGEST_LINE)));
  return `${kept.slice(0, Math.max(0, kept.length - BEFORE_CUT))} [kugetsu: cut here]`;
}
