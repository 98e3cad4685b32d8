import type { When } from '../../domain/queue/enqueue.ts';
import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { CliContext } from '../context.ts';

/** The options that say when a new task's turn comes. */
export interface WhenOptions {
  readonly priority: string | undefined;
  readonly after: readonly string[];
  readonly afterAny: boolean;
  readonly at: string | undefined;
}

/** When a new task's turn comes, as the command line says. @throws AppError usage (exit code 2) */
export async function whenOf(context: Pick<CliContext, 'queue'>, given: WhenOptions): Promise<When> {
  const { priority, after, afterAny, at } = given;
  if (afterAny && after.length === 0) {
    throw usageError('--after-any says how tasks of --after may end', 'give --after TASK, too');
  }
  return {
    priority: priority === undefined ? undefined : priorityIn(priority),
    ...(after.length === 0 ? {} : { after }),
    ...(afterAny ? { afterAny } : {}),
    notBefore: at === undefined ? undefined : await futureTime(context, at),
  };
}

/** A time that is yet to come, in milliseconds since the epoch. @throws AppError usage (exit code 2) */
export async function futureTime({ queue }: Pick<CliContext, 'queue'>, text: string): Promise<number> {
  const { parseTime } = await import('../../util/parse-time.ts');
  const now = await queue.now();
  const time = parseTime(text, now);
  if (time === undefined) {
    throw usageError(words`not a time: ${quoted(text, 40)}`, 'give 14:30, 2026-12-24T08:00 or +1h30m');
  }
  if (time <= now) throw usageError(words`${quoted(text, 40)} is not in the future`, 'give a later time, or +30m');
  return time;
}

function priorityIn(text: string): number {
  if (/^-?\d{1,4}$/.test(text)) return Number(text);
  throw usageError(
    words`not a priority: ${quoted(text, 40)}`,
    'give a whole number from -9999 to 9999; 0 is the usual one',
  );
}

/** The options that say where work begins. */
interface BeginOptions {
  readonly fresh: boolean;
  readonly from: string | undefined;
  readonly pr: string | undefined;
}

/** The number of the pull request that was asked for; undefined for none. @throws AppError usage (exit code 2) */
export function pullRequestOf({ fresh, from, pr }: BeginOptions): number | undefined {
  if (pr === undefined) return undefined;
  const other = fresh ? '--fresh' : from === undefined ? undefined : '--from';
  if (other !== undefined) throw usageError(`--pr and ${other} both say where the work begins`, 'give one of them');
  if (/^#?[1-9]\d{0,8}$/.test(pr)) return Number(pr.replace('#', ''));
  throw usageError(words`not the number of a pull request: ${quoted(pr, 40)}`, 'give a number: --pr 92');
}
