import { runShellCommand, type ShellResult } from '../../adapters/process/shell-command.ts';
import { lineRedactor } from '../../util/redaction.ts';
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
/** What is longer is no line that somebody reads; of such a one the beginning counts. */
const LONGEST_LINE = 64 * 1024;
/** A secret that the cut goes through is not known any more, so that much is dropped before it. */
const BEFORE_CUT = 8 * 1024;

/** Runs a command of the user's to its end; what it prints goes into the run's log without secrets, as it comes. */
export async function runUserCommand(
  context: Pick<Context, 'clock' | 'home' | 'env'>,
  { name, log, directory, ...command }: UserCommand,
): Promise<UserCommandResult> {
  const output = new CommandOutput(lineRedactor(await redactorOf(context)), name, log);
  const { clock } = context;
  const result = await runShellCommand({
    ...command,
    cwd: directory,
    clock,
    onOutput: async (text) => output.take(text),
  });
  await output.end();
  return { ...result, tail: output.tail };
}

/** How a command ended that failed, in words: `exit code 1`. */
export function howItEnded({ exitCode, signal, endedFor, startError }: ShellResult, timeout: string): string {
  if (startError !== undefined) return `it could not be started (${oneLine(startError, 100)})`;
  if (endedFor === 'timeout') return timeout;
  return exitCode === undefined ? `ended by ${signal ?? 'a signal'}` : `exit code ${exitCode}`;
}

/** Makes clean lines of pieces, logs them as long as there is room, and keeps the last ones. */
class CommandOutput {
  readonly tail: string[] = [];
  private readonly clean: (line: string) => string;
  private readonly name: string;
  private readonly log: RunLog;
  private rest = '';
  private isCut = false;
  private logged = 0;
  private left = 0;

  constructor(clean: (line: string) => string, name: string, log: RunLog) {
    this.clean = clean;
    this.name = name;
    this.log = log;
  }

  async take(text: string): Promise<void> {
    const lines = `${this.rest}${text}`.split('\n');
    this.rest = lines.pop() ?? '';
    const whole = lines.flatMap((line, index) => this.lineOf(line, index === 0));
    if (this.rest.length > LONGEST_LINE) {
      if (!this.isCut) whole.push(this.cut(this.rest));
      this.isCut = true;
      this.rest = '';
    }
    await this.write(whole);
  }

  async end(): Promise<void> {
    await this.write(this.rest === '' ? [] : this.lineOf(this.rest, true));
    if (this.left === 0) return;
    const note = `${formatBytes(this.left)} of the ${this.name}'s output is not in this log; it ended with:`;
    await this.log.record({ event: 'warning', text: note });
    await this.log.record({ event: 'output', text: this.tail.join('\n') });
  }

  /** The end of a line of which the beginning was cut is nothing. */
  private lineOf(line: string, isFirst: boolean): string[] {
    if (isFirst && this.isCut) {
      this.isCut = false;
      return [];
    }
    return [line.length > LONGEST_LINE ? this.cut(line) : this.clean(plainText(line))];
  }

  private cut(line: string): string {
    const kept = this.clean(plainText(line.slice(0, LONGEST_LINE)));
    return `${kept.slice(0, Math.max(0, kept.length - BEFORE_CUT))} [kugetsu: cut here]`;
  }

  private async write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    this.tail.push(...lines.map((line) => line.slice(0, TAIL)));
    let size = this.tail.reduce((sum, line) => sum + line.length + 1, 0);
    while (size > TAIL && this.tail.length > 1) size -= (this.tail.shift()?.length ?? 0) + 1;
    const text = lines.join('\n');
    if (this.logged + text.length > MOST_LOGGED) this.left += text.length;
    else {
      this.logged += text.length;
      await this.log.record({ event: 'output', text });
    }
  }
}
