import type { Target } from '../../domain/queue/turns.ts';
import { usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { shownTasks } from './kit.ts';

interface MoveOptions {
  readonly task: string;
  readonly first: boolean;
  readonly last: boolean;
  readonly before: string | undefined;
  readonly json: boolean;
}

/** Gives a waiting task another place in the queue. */
export async function move({ context }: Call, { task, first, last, before, json }: MoveOptions): Promise<void> {
  const targets: Target[] = [];
  if (first) targets.push({ to: 'first' });
  if (last) targets.push({ to: 'last' });
  if (before !== undefined) targets.push({ to: 'before', id: before });
  const [target] = targets;
  if (target === undefined || targets.length > 1) {
    throw usageError('queue move takes one of --first, --last and --before', 'run: kugetsu queue move --help');
  }
  const { moveTask } = await import('../../domain/work/change-waiting-task.ts');
  const item = await moveTask(context, task, target);
  const where = target.to === 'before' ? `before ${target.id}` : target.to;
  if (!json) context.terminal.err(`${item.id} goes ${where} now`);
  await printResult(context, { json, value: (await shownTasks(context, [item]))[0] });
}
