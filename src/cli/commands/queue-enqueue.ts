import type { Call } from '../call.ts';
import { messageArgument, printQueued } from './kit.ts';

interface EnqueueOptions {
  readonly ref: string;
  readonly message: string;
  readonly fresh: boolean;
  readonly json: boolean;
}

/** Queues a task for an issue's agent, and prints its id. */
export async function enqueueTask({ context }: Call, given: EnqueueOptions): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const { enqueue } = await import('../../domain/queue/enqueue.ts');
  const ref = await resolveIssueRef(context, given.ref);
  const message = await messageArgument(context, given.message);
  await printQueued(context, await enqueue(context, { ref, message, fresh: given.fresh }), given.json);
}
