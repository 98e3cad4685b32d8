import type { Call } from '../call.ts';
import { messageArgument } from './kit.ts';
import type { AgentOptions } from './start-or-queue.ts';

/** Gives an issue's agent another message, and waits until it is at work, or with `follow` until it has ended. */
export async function continueIssue({ context }: Call, given: AgentOptions): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const ref = await resolveIssueRef(context, given.ref);
  const message = await messageArgument(context, given.message);
  const { startOrQueue } = await import('./start-or-queue.ts');
  await startOrQueue(context, { ref, kind: 'continue', message, fresh: false }, given);
}
