import type { ShownLine } from '../../domain/runs/run-log-lines.ts';
import type { Run } from '../../domain/runs/run-schema.ts';
import { oneLine } from '../../util/text.ts';
import type { CliContext } from '../context.ts';
import { renderRunEntry } from '../views/run-entry.ts';
import { LiveLine } from './live-line.ts';

interface FollowOptions {
  /** Whether the log's lines are printed as they are. */
  readonly json: boolean;
  /** The runs that were followed already. */
  readonly seen?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Prints a line of a run's log on standard output, as a person reads it or as it is, unless the `live` line shows it. */
export function lineWriter({ terminal }: CliContext, json: boolean, live?: LiveLine): (shown: ShownLine) => void {
  return ({ line, entry }) => {
    if (live?.take(entry) === true && !json) return;
    const text = json ? line() : renderRunEntry(entry, { colour: terminal.colour.out });
    if (text !== undefined) terminal.out(text);
  };
}

/**
 * Shows what becomes of a task, of a PM agent's with all that it starts, and says how it ended.
 *
 * @returns whether it was completed
 * @throws AppError `interrupted` (exit code 130): the task goes on
 */
export async function followToEnd(
  context: CliContext,
  id: string,
  { json, seen = [], signal = context.gracefulStop() }: FollowOptions,
): Promise<boolean> {
  const { followTask } = await import('../../domain/work/follow-task.ts');
  const { terminal } = context;
  const live = new LiveLine(context);
  const task = await followTask(context, id, {
    seen: new Set(seen),
    signal,
    onLine: lineWriter(context, json, live),
    onRun: (name, runId) => terminal.err(`note: goes on with ${name} (run ${runId})`),
    onWait: (waiting) => terminal.err(`note: ${waiting} has not begun; run: kugetsu queue explain ${waiting}`),
    onSilence: async (run: Run) => live.silent(run),
  }).finally(() => live.clear());
  if (task === undefined) return false;
  const { state, failure } = task;
  const why = failure === null || state === 'completed' ? '' : ` (${failure.class}): ${oneLine(failure.message, 500)}`;
  terminal.err(`${id}: ${state}${why}`);
  return state === 'completed';
}
