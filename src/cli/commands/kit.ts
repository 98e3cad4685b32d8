import { stampAtOnce } from '../../adapters/store/paths.ts';
import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { originTask } from '../../domain/issues/task-id.ts';
import { AppError, messageOf, usageError } from '../../util/errors.ts';
import { EXIT, type ExitCode } from '../../util/exit-codes.ts';
import { plainText } from '../../util/text.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import { isInFleet, type CliContext } from '../context.ts';
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

/** The tasks that are not finished; a file that cannot be read is named on standard error, and makes the exit code 1. */
export async function openItems(call: Call): Promise<readonly QueueItem[]> {
  const { listOpenItems } = await import('../../domain/work/list-items.ts');
  const { items, broken } = await listOpenItems(call.context);
  nameBroken(call, broken);
  return items;
}

/** Names files that cannot be read, and lets the command fail if there are any. */
export function nameBroken({ context, exitWith }: Call, broken: readonly string[]): void {
  reportBroken(context, broken);
  if (broken.length > 0) exitWith(EXIT.failed);
}

/** Says on standard error that the queue is paused, if it is. `what` is said before it. */
export async function tellPaused(context: CliContext, what: string): Promise<void> {
  const { home, queue, terminal } = context;
  // To queue a task, no schema is worth its loading.
  const files = [home.queuePaused, home.queueBreaker, home.queueBudget];
  if (!isInFleet(context) && files.every((path) => stampAtOnce(path) === undefined)) return;
  const { readPause } = await import('../../domain/queue/pause.ts');
  const { pausedWords } = await import('../../domain/queue/reason-words.ts');
  const pause = await readPause({ home, queue }).catch((error: unknown) => {
    // What asks the queue of a fleet says that it is away; `status` does without it.
    if (error instanceof AppError && error.code === 'queue_unreachable') return undefined;
    terminal.err(`kugetsu: ${what}nothing is handed out: ${plainText(messageOf(error))}\n  run: kugetsu queue resume`);
    return undefined;
  });
  if (pause === undefined) return;
  const said = pausedWords({ ...pause, why: pause.reason }, await queue.now());
  terminal.err(`kugetsu: ${what}the queue is ${said}\n  run: kugetsu queue resume`);
}

/**
 * Does something to each of several tasks. One that it cannot be done to is told, and holds up no other; the exit code is
 * then that of the first.
 */
export async function forEachTask<T>(
  { context, exitWith }: Call,
  ids: readonly string[],
  act: (id: string) => Promise<T>,
): Promise<T[]> {
  if (ids.length === 1) return [await act(ids[0] ?? '')];
  const done: T[] = [];
  let code: ExitCode | undefined;
  for (const id of new Set(ids)) {
    try {
      done.push(await act(id));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      context.terminal.err(`kugetsu: ${plainText(error.message)}`);
      if (error.hint !== undefined) context.terminal.err(`  ${error.hint}`);
      code ??= error.exit;
    }
  }
  if (code !== undefined) exitWith(code);
  return done;
}

/** Tasks for `--json`: with messages as they may be shown. */
export async function shownTasks(
  context: Pick<CliContext, 'home' | 'env'>,
  items: readonly QueueItem[],
): Promise<QueueItem[]> {
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  const { text } = await redactorOf(context);
  return items.map((item) => ({ ...item, message: text(item.message) }));
}

/** Prints a task that was just queued: its id, or the whole item; says on standard error when nobody would take it, and to an agent not to wait for it. */
export async function printQueued(context: CliContext, item: QueueItem, json: boolean): Promise<void> {
  await printResult(context, { json, value: item, text: () => item.id });
  const isKept = await isKeptHere(context, item);
  if (isKept) {
    context.terminal.err("kept here: the fleet's queue cannot be reached; the daemon hands the task over when it can");
  }
  const { looksInitialised } = await import('../../domain/sessions/session-status.ts');
  const status = looksInitialised(context);
  if (status !== 'ok') {
    context.terminal.err(`kugetsu: queued, but kugetsu is not ready: ${status}`);
    context.terminal.err('  run: kugetsu init (without a terminal: kugetsu init --headless)');
  } else await tellUnusable(context);
  // An agent that waited would hold the slot that the task needs, until a deadline ended it.
  if (originTask(context.env) !== undefined) {
    context.terminal.err('note: do not wait for it: it may need the slot that you hold; end your turn instead');
  }
  await tellUndispatched(context, 'queued, but ', { isKept });
}

/** Whether a task waits here for the queue of a fleet that cannot be reached. */
export async function isKeptHere(context: CliContext, { id }: QueueItem): Promise<boolean> {
  return isInFleet(context) && (await import('../../domain/queue/outbox.ts')).isKept(context, id);
}

/** Says on standard error that opencode cannot be used, if so. */
async function tellUnusable({ env, cwd, home, opencode, terminal }: CliContext): Promise<void> {
  const { looksProbed } = await import('../../adapters/opencode/find-opencode.ts');
  if (await looksProbed({ env, cwd, cache: home.opencodeProbe })) return;
  const problem = await opencode.probe().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(problem instanceof AppError)) return;
  terminal.err(`kugetsu: queued, but opencode cannot be used: ${plainText(problem.message)}`);
  if (problem.hint !== undefined) terminal.err(`  ${plainText(problem.hint)}`);
}

/** Says on standard error when nobody would take what is in the queue: it is paused, or no daemon is there. */
export async function tellUndispatched(
  context: CliContext,
  what = 'queued, but ',
  { isKept = false }: { readonly isKept?: boolean } = {},
): Promise<void> {
  const { isDaemonAlive } = await import('../../domain/daemon/daemon-alive.ts');
  // A queue that has just given no answer is not asked again.
  if (!isKept) await tellPaused(context, what);
  if (await isDaemonAlive(context)) return;
  context.terminal.err(`kugetsu: ${what}no queue daemon is running\n  run: kugetsu queue-daemon start`);
}

/** That there is a host of this name in the fleet. @throws AppError `no_fleet`, `no_host` */
export async function requireHost(context: CliContext, name: string): Promise<void> {
  const hosts = await context.queue.fleet.hosts();
  if (hosts.some((host) => host.name === name)) return;
  await (await import('../../domain/fleet/member.ts')).requireMember(context);
  throw (await import('../../domain/fleet/fleet-status.ts')).noHost(name);
}
