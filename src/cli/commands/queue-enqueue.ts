import type { QueueItem } from '../../domain/queue/queue-item.ts';
import type { DoneWhen } from '../../domain/runs/run-schema.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { pullRequestOf, whenOf, type WhenOptions } from './task-options.ts';
import { isKeptHere, messageArgument, printQueued } from './kit.ts';

interface EnqueueOptions extends WhenOptions {
  readonly ref: string;
  readonly message: string;
  readonly fresh: boolean;
  readonly once: boolean;
  readonly from: string | undefined;
  readonly pr: string | undefined;
  readonly setup: boolean;
  readonly doneWhen: DoneWhen | undefined;
  readonly json: boolean;
}

/** Queues a task for an issue's agent, and prints its id; with `once` that of the one that waits already. */
export async function enqueueTask({ context }: Call, given: EnqueueOptions): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const { enqueue } = await import('../../domain/queue/enqueue.ts');
  const ref = await resolveIssueRef(context, given.ref);
  const message = await messageArgument(context, given.message);
  const { fresh, from, setup, doneWhen } = given;
  const pr = pullRequestOf(given);
  const task = { ref, message, fresh, from, pr, setup, doneWhen, when: await whenOf(context, given) };
  if (!given.once) return printAdded(context, await enqueue(context, task), given.json);
  const { enqueueOnce } = await import('../../domain/queue/enqueue-once.ts');
  const { item, joined } = await enqueueOnce(context, task);
  if (joined) {
    const other = item.message === message ? '' : `; its own message stays (kugetsu queue edit ${item.id})`;
    context.terminal.err(`${item.id} waits for this issue already: nothing was added${other}`);
  }
  return printQueued(context, item, given.json);
}

/** Tells of a task of the same issue that goes first. */
async function printAdded(context: CliContext, item: QueueItem, json: boolean): Promise<void> {
  await printQueued(context, item, json);
  if (await isKeptHere(context, item)) return;
  const { taskAhead } = await import('../../domain/queue/enqueue-once.ts');
  const ahead = await taskAhead(context, item);
  if (ahead !== undefined) context.terminal.err(`note: behind ${ahead.id}, which waits for the same issue`);
}
