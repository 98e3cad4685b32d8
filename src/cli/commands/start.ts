import type { Call } from '../call.ts';
import { messageArgument } from './kit.ts';
import type { AgentOptions } from './start-or-queue.ts';

interface StartOptions extends AgentOptions {
  readonly fresh: boolean;
}

/** Puts an agent to work, and waits until it is, or with `follow` until it has ended. */
export async function start({ context }: Call, given: StartOptions): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const ref = await resolveIssueRef(context, given.ref);
  const message = await messageArgument(context, given.message);
  const { startOrQueue } = await import('./start-or-queue.ts');
  await startOrQueue(context, { ref, kind: 'start', message, fresh: given.fresh }, given);
}
