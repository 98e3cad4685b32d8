import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { STATES } from '../table/kinds.ts';
import { soundItems } from './sound-items.ts';

interface QueueListOptions {
  readonly state: string | undefined;
  readonly json: boolean;
}

/** Prints the tasks. */
export async function listQueue(call: Call, { state, json }: QueueListOptions): Promise<void> {
  const { context } = call;
  if (state !== undefined && !STATES.some((known) => known === state)) {
    throw usageError(words`not a state: ${quoted(state)}`, `the states are ${STATES.join(', ')}`);
  }
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  const { text } = await redactorOf(context);
  // The file keeps the message as it is: that is what the agent is told.
  const all = await soundItems(call);
  await tellHeldBack(context, all);
  const items = all
    .filter((item) => state === undefined || item.state === state)
    .map((item) => ({ ...item, message: text(item.message) }));
  await printResult(context, {
    json,
    value: items,
    text: async (style) => (await import('../views/queue.ts')).renderQueue(items, style),
  });
}

/** An agent that asks again and again until its task is done holds the slot that the task needs. */
async function tellHeldBack(context: CliContext, items: readonly QueueItem[]): Promise<void> {
  const { callingAgent } = await import('../../domain/runs/agent-rights.ts');
  if (callingAgent(context.env) === undefined) return;
  const { heldBackByCaller } = await import('../../domain/work/held-back.ts');
  for (const { id } of await heldBackByCaller(context, items)) {
    context.terminal.err(`note: ${id} cannot begin while you work: you have the slot that it needs; end your turn`);
  }
}
