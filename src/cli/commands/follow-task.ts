import type { ShownLine } from '../../domain/runs/run-log-lines.ts';
import { oneLine } from '../../util/text.ts';
import type { CliContext } from '../context.ts';
import { renderRunEntry } from '../views/run-entry.ts';

interface FollowOptions {
  /** Whether the log's lines are printed as they are. */
  readonly json: boolean;
  /** The runs that were followed already. */
  readonly seen?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Prints a line of a run's log on standard output, as a person reads it or as it is. */
export function lineWriter({ terminal }: CliContext, json: boolean): (shown: ShownLine) => void {
  return ({ line, entry }) => {
    const text = json ? line() : renderRunEntry(entry, { colour: terminal.colour.out });
    if (terminal.ruled) terminal.progress('');
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
  const task = await followTask(context, id, {
    seen: new Set(seen),
    signal,
    onLine: lineWriter(context, json),
    onRun: (name, runId) => terminal.err(`note: goes on with ${name} (run ${runId})`),
    onWait: (waiting) => terminal.err(`note: ${waiting} has not begun; run: kugetsu queue explain ${waiting}`),
  });
  if (task === undefined) return false;
  const { state, failure } = task;
  const why = failure === null || state === 'completed' ? '' : ` (${failure.class}): ${oneLine(failure.message, 500)}`;
  terminal.err(`${id}: ${state}${why}`);
  return state === 'completed';
}
