import * as z from 'zod/mini';
import { formatIssueRef } from '../../domain/issues/issue-ref.ts';
import type { Context } from '../../domain/queue/context.ts';
import { enqueue } from '../../domain/queue/enqueue.ts';
import { pauseQueue, resumeQueue } from '../../domain/queue/pause.ts';
import { resolveIssueRef } from '../../domain/sessions/resolve-issue-ref.ts';
import { cancelTask } from '../../domain/work/cancel-task.ts';
import { retryTask } from '../../domain/work/retry-task.ts';
import { startIssue } from '../../domain/work/start-issue.ts';
import { stopWherever } from '../../domain/work/stop-elsewhere.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { parseJson } from '../../util/loose-object.ts';
import { plural } from '../../util/text.ts';
import { stoppedText } from '../views/verdict.ts';

const OrderSchema = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('delegate'), message: z.string() }),
  z.object({ verb: z.literal('continue'), ref: z.string(), message: z.string() }),
  z.object({ verb: z.literal('stop'), what: z.string() }),
  z.object({ verb: z.literal('cancel'), task: z.string() }),
  z.object({ verb: z.literal('retry'), task: z.string() }),
  z.object({ verb: z.literal('pause') }),
  z.object({ verb: z.literal('resume') }),
  z.object({ verb: z.literal('read') }),
]);

/** What a page asks to be done. */
type Order = z.infer<typeof OrderSchema>;

/** What came of an order: a line for the person, and what it made. */
interface Done {
  readonly said: string;
  /** The task that was queued. */
  readonly task?: string;
}

/** The order in the body of a request. @throws AppError usage */
export function parseOrder(body: string): Order {
  const parsed = OrderSchema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw usageError('kugetsu does not know that order', 'reload the page');
}

/** Does what a person asks for, as the command of the same name does it. @throws what that throws */
export async function carryOut(context: Context, order: Order): Promise<Done> {
  switch (order.verb) {
    case 'delegate':
      return queued(await enqueue(context, { ref: undefined, message: order.message }));
    case 'continue':
      return goOn(context, order);
    case 'stop':
      return stop(context, order.what);
    case 'cancel': {
      const { id, state, failure } = await cancelTask(context, order.task, () => undefined);
      return { said: failure?.class === 'cancelled' ? `cancelled ${id}` : `${id} had ended by then: ${state}` };
    }
    case 'retry':
      return queued(await retryTask(context, order.task, { message: null, together: new Set([order.task]) }));
    case 'pause':
      await pauseQueue(context, { reason: null, until: null });
      return { said: 'the queue is paused; agents at work go on' };
    case 'resume':
      return { said: (await resumeQueue(context)) === undefined ? 'the queue was not paused' : 'the queue goes on' };
    case 'read':
      return { said: `marked ${plural(await context.queue.inbox.markAllRead(), 'notification')} as read` };
  }
}

function queued({ id }: { readonly id: string }): Done {
  return { said: `queued as ${id}`, task: id };
}

/** What a task in the queue waits for. */
const WAITS: ReadonlySet<string> = new Set(['no_slot', 'low_memory']);

/** Without a free slot the message waits in the queue. */
async function goOn(context: Context, { ref: text, message }: Extract<Order, { verb: 'continue' }>): Promise<Done> {
  const ref = await resolveIssueRef(context, text);
  try {
    await startIssue(context, { ref, kind: 'continue', message, debug: false });
    return { said: `the agent of ${formatIssueRef(ref)} goes on` };
  } catch (error) {
    if (!(error instanceof AppError) || !WAITS.has(error.code)) throw error;
    const done = queued(await enqueue(context, { ref, message }));
    return { ...done, said: `no agent slot is free: ${done.said}` };
  }
}

async function stop(context: Context, what: string): Promise<Done> {
  const done = await stopWherever(context, what);
  return { said: done.host === undefined ? `${what}: ${stoppedText(done)}` : stoppedText(done) };
}
