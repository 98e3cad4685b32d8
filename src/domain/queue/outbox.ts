import { join } from 'node:path';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { addFile } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import type { QueueItem } from './queue-item.ts';

type HomeOnly = Pick<Context, 'home'>;

/** Keeps a task for a queue that cannot be reached now. The same one again stays as it is. */
export async function keepForLater(context: HomeOnly, item: QueueItem): Promise<void> {
  if (isKept(context, item.id)) return;
  await addFile(outboxPath(context, item.id), `${JSON.stringify(item, null, 2)}\n`);
}

/** Whether a task waits here for the queue that it is to go into. */
export function isKept(context: HomeOnly, id: string): boolean {
  return stampAtOnce(outboxPath(context, id)) !== undefined;
}

export function outboxPath({ home }: HomeOnly, id: string): string {
  return join(home.queueOutbox, `${id}.json`);
}

/** Whether an error says that a shared queue cannot be reached. */
export function isUnreachable(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'queue_unreachable';
}

/** For `catch`: a shared queue that cannot be reached is passed over; any other error goes on. */
export function unlessUnreachable(error: unknown): undefined {
  if (isUnreachable(error)) return undefined;
  throw error;
}
