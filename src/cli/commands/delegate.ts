import type { Call } from '../call.ts';
import { messageArgument, printQueued } from './kit.ts';
import { whenOf, type WhenOptions } from './when-options.ts';

interface DelegateOptions extends WhenOptions {
  readonly message: string;
  readonly json: boolean;
}

/** Queues a task for the PM agent, and prints its id. */
export async function delegate({ context }: Call, given: DelegateOptions): Promise<void> {
  const { enqueue } = await import('../../domain/queue/enqueue.ts');
  const message = await messageArgument(context, given.message);
  const when = await whenOf(context, given);
  await printQueued(context, await enqueue(context, { ref: undefined, message, when }), given.json);
}
