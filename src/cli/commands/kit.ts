import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { originTask } from '../../domain/issues/task-id.ts';
import { usageError } from '../../util/errors.ts';
import { plainText } from '../../util/text.ts';
import { quoted, words } from '../../util/words.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';

// What several commands have in common.

/** The message of a command line: the argument itself, or with `-` what comes on standard input. */
export async function messageArgument({ terminal }: CliContext, argument: string): Promise<string> {
  return argument === '-' ? terminal.readInput() : argument;
}

/** A number of days, which may be none. @throws AppError usage (exit code 2) */
export function parseDays(text: string): number {
  if (/^(?:0|[1-9]\d{0,4})$/.test(text)) return Number(text);
  throw usageError(words`not a number of days: ${quoted(text, 40)}`, 'give a whole number, 0 or more');
}

/** A number of lines or rows. @throws AppError usage (exit code 2) */
export function parseCount(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usageError(words`not a count: ${quoted(text, 40)}`, 'give a whole number, 1 or more');
}

/** Names files that could not be read beside those that could, and says what to do about them. */
export function reportBroken({ terminal }: Pick<CliContext, 'terminal'>, reasons: readonly string[]): void {
  for (const reason of reasons) terminal.err(`kugetsu: ${plainText(reason)}`);
  if (reasons.length > 0) terminal.err('  correct or restore it, or move it away; kugetsu has not changed it');
}

/** Prints a task that was just queued: its id, or the whole item; says on standard error when nobody would take it, and to an agent not to wait for it. */
export async function printQueued(context: CliContext, item: QueueItem, json: boolean): Promise<void> {
  const { isDaemonAlive } = await import('../../domain/daemon/daemon-alive.ts');
  await printResult(context, { json, value: item, text: () => item.id });
  const { looksInitialised } = await import('../../domain/sessions/looks-initialised.ts');
  const status = looksInitialised(context);
  if (status !== 'ok') {
    context.terminal.err(`kugetsu: queued, but kugetsu is not ready: ${status}`);
    context.terminal.err('  run: kugetsu init (without a terminal: kugetsu init --headless)');
  }
  // An agent that waited would hold the slot that the task needs, until a deadline ended it.
  if (originTask(context.env) !== undefined) {
    context.terminal.err('note: do not wait for it: it may need the slot that you hold; end your turn instead');
  }
  if (await isDaemonAlive(context)) return;
  context.terminal.err('kugetsu: queued, but no queue daemon is running\n  run: kugetsu queue-daemon start');
}
