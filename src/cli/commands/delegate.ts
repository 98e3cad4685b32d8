import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import { messageArgument, printQueued } from './kit.ts';
import { whenOf, type WhenOptions } from './task-options.ts';

interface DelegateOptions extends WhenOptions {
  readonly message: string;
  readonly follow: boolean;
  readonly json: boolean;
}

/** Queues a task for the PM agent, and prints its id; with `follow` shows all that comes of it, and exits as it ends. */
export async function delegate({ context, exitWith }: Call, given: DelegateOptions): Promise<void> {
  const { enqueue } = await import('../../domain/queue/enqueue.ts');
  const message = await messageArgument(context, given.message);
  const when = await whenOf(context, given);
  const item = await enqueue(context, { ref: undefined, message, when });
  await printQueued(context, item, given.json);
  if (!given.follow) return;
  const { followToEnd } = await import('./follow-task.ts');
  if (!(await followToEnd(context, item.id, { json: given.json }))) exitWith(EXIT.failed);
}
