import type { QueueItem, QueueState } from '../../domain/queue/queue-item.ts';
import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { quoted, words } from '../../util/words.ts';
import type { CliContext } from '../context.ts';
import type { Call } from '../registration.ts';
import { reportBroken } from './kit.ts';

/** The states that a task can be in. */
export const STATES: readonly QueueState[] = ['pending', 'notified', 'completed', 'error'];

/** The options of `kugetsu queue list`. */
export interface QueueListOptions {
  readonly state?: string;
  readonly json?: boolean;
}

/** All tasks; a file that cannot be read is named on standard error, and makes the exit code 1. */
export async function soundItems({ context, exitWith }: Call): Promise<readonly QueueItem[]> {
  const { listItems } = await import('../../domain/work/list-items.ts');
  const { items, broken } = await listItems(context);
  reportBroken(context, broken);
  if (broken.length > 0) exitWith(EXIT.failed);
  return items;
}

/** Prints the tasks. */
export async function listQueue(call: Call, { state, json = false }: QueueListOptions = {}): Promise<void> {
  const { context } = call;
  if (state !== undefined && !STATES.some((known) => known === state)) {
    throw usageError(words`not a state: ${quoted(state)}`, `the states are ${STATES.join(', ')}`);
  }
  const { renderQueue } = await import('../views/queue.ts');
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  const { text } = await redactorOf(context);
  // The file keeps the message as it is: that is what the agent is told.
  const all = await soundItems(call);
  await tellHeldBack(context, all);
  const items = all
    .filter((item) => state === undefined || item.state === state)
    .map((item) => ({ ...item, message: text(item.message) }));
  const { ruled, colour } = context.terminal;
  context.terminal.out(json ? JSON.stringify(items, null, 2) : renderQueue(items, { ruled, colour: colour.out }));
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
