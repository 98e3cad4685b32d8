import { plural } from '../../util/text.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

interface ClearOptions {
  readonly allFinished: boolean;
  readonly json: boolean;
}

/** Removes finished tasks, and says how many. */
export async function clearQueue({ context }: Call, { allFinished, json }: ClearOptions): Promise<void> {
  const { clearTasks } = await import('../../domain/work/settle-dependencies.ts');
  const removed = await clearTasks(context, { all: allFinished });
  await printResult(context, { json, value: removed, line: true });
  if (!json) context.terminal.err(`removed ${plural(removed.length, 'finished task')}`);
}
